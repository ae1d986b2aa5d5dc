"""Reading a file that is still being written, so that what follows from it is ready soon after its last byte."""

import hashlib
import io
import threading
from collections.abc import Callable
from pathlib import Path

_LOOK_SECONDS = 0.02


class GrowingFile(io.FileIO):
    """A file whose end is not reached before ``ended`` is set; ``on_read`` is told of the bytes of each read.

    ``sha256`` is that of everything read so far, in hexadecimal.
    """

    def __init__(self, path: Path, *, ended: threading.Event, on_read: Callable[[int], None]) -> None:
        super().__init__(path)
        self._ended = ended
        self._on_read = on_read
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The checksum."""
        return self._digest.hexdigest()

    def read(self, size: int | None = -1, /) -> bytes:
        """Return ``size`` bytes, fewer only where the file ends; wait for them as long as it takes."""
        limit = -1 if size is None else size
        taken = bytearray()
        while limit < 0 or len(taken) < limit:
            # Asked before reading: what was written until then is seen by this read.
            ended = self._ended.is_set()
            piece = super().read(limit - len(taken) if limit >= 0 else -1) or b""
            taken += piece
            if not piece and ended:
                break
            if not piece:
                self._ended.wait(_LOOK_SECONDS)
        self._digest.update(taken)
        self._on_read(len(taken))
        return bytes(taken)
