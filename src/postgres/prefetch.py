"""Prefetching: a thread makes the next items of an iterator while the caller uses the last one."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class _End:
    """The end of the iterator, by an error if there is one."""

    error: BaseException | None


def prefetch(items: Iterator[T], *, depth: int) -> Iterator[T]:
    """Yield what ``items`` yields, with up to ``depth`` items made in advance, and raise what it raises.

    The thread is a daemon that nothing waits for, so a read that never returns blocks neither an interrupt nor the end
    of the program.
    """
    made: queue.Queue[T | _End] = queue.Queue(depth)
    closed = threading.Event()

    def make() -> None:
        try:
            for item in items:
                if not _put(made, item, closed):
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised where the items are used.
            _put(made, _End(error), closed)
        else:
            _put(made, _End(None), closed)

    threading.Thread(target=make, name="read-ahead", daemon=True).start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        closed.set()


def _put(made: "queue.Queue[T | _End]", item: T | _End, closed: threading.Event) -> bool:
    """Wait for room and put ``item`` there; return False if the consumer has left."""
    while not closed.is_set():
        try:
            made.put(item, timeout=_POLL_SECONDS)
        except queue.Full:
            continue
        return True
    return False
