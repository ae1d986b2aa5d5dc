"""Threads: blocks of work, in order and in bounded memory, and an action that is repeated beside the work."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
# Of the 19 steps that a thread may step back. To step forward again is not allowed.
_NICENESS = 10


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _step_back() -> None:
    """Lower the priority of the present thread alone, which only Linux can."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))


def map_in_order(work: Callable[[int], T], starts: Iterable[int], n_threads: int) -> Iterator[T]:
    """`work` of each start, in order; at most `n_threads` + 1 results wait.

    Until the end, BLAS uses one thread. Whoever answers somebody on the same machine goes first.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only processes that score many users need it.

    pending: deque[Future[T]] = deque()
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads, "blocks", _step_back) as pool:
        try:
            for start in starts:
                pending.append(pool.submit(work, start))
                if len(pending) > n_threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


@contextmanager
def call_repeatedly(action: Callable[[], object], *, seconds: float) -> Iterator[None]:
    """Call `action` every so many seconds, in a thread of its own, for the length of a `with` block."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, name="repeated", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
