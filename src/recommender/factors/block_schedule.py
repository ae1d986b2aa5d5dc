"""An epoch of `kernels.sgd` on threads that take the next free block, so that a slow thread delays few others.

The loop of the kernel assigns the blocks of a diagonal in advance, and all threads wait for the slowest. On a busy
machine that costs more than a thread. Here a block is free as soon as its user stripe and its item stripe have finished
their blocks of all earlier diagonals. Each stripe sees its blocks in the same order, so the result does not depend on
the threads.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import Int64Array

if TYPE_CHECKING:
    from recommender.kernels.sgd import Grid, SGDParameters


def run_scheduled_epoch(
    grid: "Grid",
    diagonals: Int64Array,
    parameters: "SGDParameters",
    learning_rate: np.float32,
    regularisation: np.float32,
    *,
    n_threads: int,
) -> None:
    """Visit every rating once, as `kernels.sgd.run_sgd_epoch` does."""
    from recommender.kernels.sgd import run_sgd_block  # noqa: PLC0415 - numba takes half a second to load.

    turns = BlockSchedule(diagonals)

    def work() -> None:
        with turns:
            while (block := turns.next_block()) is not None:
                run_sgd_block(grid, block, parameters, learning_rate, regularisation)
                turns.done(block)

    with turns, ThreadPoolExecutor(n_threads, "sgd") as pool:
        for worker in [pool.submit(work) for _ in range(n_threads)]:
            worker.result()


class BlockSchedule:
    """The free blocks, numbered user stripe · s + item stripe, for several threads; each block is taken once.

    An error in a `with` block of one thread ends the schedule for all.
    """

    def __init__(self, diagonals: Int64Array) -> None:
        self._diagonals = diagonals.tolist()
        self._n_stripes = len(self._diagonals)
        # The numbers of blocks of each stripe that were taken, and that are finished.
        self._given = [0] * self._n_stripes
        self._users_done = [0] * self._n_stripes
        self._items_done = [0] * self._n_stripes
        self._changed = threading.Condition()
        self._ended = False

    def __enter__(self) -> None:
        """Enter the schedule."""

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        """Release waiting threads after a failure."""
        if kind is not None:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def next_block(self) -> int | None:
        """Wait for a free block and return one of the earliest diagonal; None when all are taken."""
        with self._changed:
            while not self._ended and min(self._given) < self._n_stripes:
                due = [(self._given[user], user) for user in range(self._n_stripes) if self._is_due(user)]
                if due:
                    turn, user = min(due)
                    self._given[user] += 1
                    return user * self._n_stripes + self._item(user, turn)
                self._changed.wait()
            return None

    def done(self, block: int) -> None:
        """Mark a block as finished."""
        user, item = divmod(block, self._n_stripes)
        with self._changed:
            self._users_done[user] += 1
            self._items_done[item] += 1
            self._changed.notify_all()

    def _is_due(self, user: int) -> bool:
        turn = self._given[user]
        if turn == self._n_stripes or self._users_done[user] < turn:
            return False
        return self._items_done[self._item(user, turn)] == turn

    def _item(self, user: int, turn: int) -> int:
        return int((user + self._diagonals[turn]) % self._n_stripes)
