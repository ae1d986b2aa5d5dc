"""How far a long import is: a bar on a terminal, a line now and then in a log."""

import logging
import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

logger = logging.getLogger(__name__)
_SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """Follows the bytes read out of ``total``, then names the steps after reading."""

    def __init__(self, *, total: int) -> None:
        """Show a bar where standard error is a terminal, and log lines otherwise."""
        self._total = total
        self._read = 0
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
        self._bar = (
            tqdm(total=total, unit="B", unit_scale=True, desc="Reading", leave=False) if sys.stderr.isatty() else None
        )

    def advance(self, count: int) -> None:
        """Take note of ``count`` more bytes."""
        self._read += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            logger.info("Read %d %% of %.0f MB.", 100 * self._read / max(self._total, 1), self._total / 1e6)

    def step(self, text: str) -> None:
        """Say what is being done now."""
        if self._bar is not None:
            self._bar.set_description(text)
        else:
            logger.debug(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
