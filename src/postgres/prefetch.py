"""Reading ahead: what an iterator gives is made by a thread of its own while the last of it is being used."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class _Failure:
    """How the iterator ended: by an error, or, without one, as it should."""

    error: BaseException | None


def prefetch(items: Iterator[T], *, depth: int) -> Iterator[T]:
    """Yield what ``items`` gives, up to ``depth`` of them made before they are asked for, and raise what it raises.

    Nobody waits for the thread: a read that never returns holds neither an interrupt nor the end of the program up.
    """
    made: queue.Queue[T | _Failure] = queue.Queue(depth)
    left = threading.Event()

    def make() -> None:
        try:
            for item in items:
                if not _put(made, item, left):
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised where the items are used.
            _put(made, _Failure(error), left)
        else:
            _put(made, _Failure(None), left)

    threading.Thread(target=make, name="read-ahead", daemon=True).start()
    try:
        while not isinstance(item := made.get(), _Failure):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        left.set()


def _put(made: "queue.Queue[T | _Failure]", item: T | _Failure, left: threading.Event) -> bool:
    """Wait for room and put ``item`` there, unless whoever asked has left."""
    while not left.is_set():
        try:
            made.put(item, timeout=_LOOK_SECONDS)
        except queue.Full:
            continue
        return True
    return False
