"""Threads: blocks of work, in order and in bounded memory."""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")
# Of the 19 steps that a thread may step back. To step forward again is not allowed.
_NICENESS = 10


def cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _step_back() -> None:
    """Lower the priority of the present thread alone, which only Linux can."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))


def map_ahead(pool: Executor, work: Callable[[S], T], items: Iterable[S], *, ahead: int) -> Iterator[T]:
    """Yield `work` of each item, in order, while `pool` works on the next `ahead` items.

    Items are drawn in the caller's thread. Work that has not begun is cancelled if the caller stops early.
    """
    pending: deque[Future[T]] = deque()
    try:
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def map_in_order(work: Callable[[int], T], starts: Iterable[int], n_threads: int) -> Iterator[T]:
    """Return `work` of each start, in order; at most `n_threads` + 1 results wait.

    Until the end, BLAS uses one thread. The threads have a low priority, so that web requests on the same machine come
    first.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only processes that score many users need it.

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads, "blocks", _step_back) as pool:
        yield from map_ahead(pool, work, starts, ahead=n_threads)
