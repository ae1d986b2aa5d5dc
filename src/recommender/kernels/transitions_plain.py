"""The plain twin of `kernels.transitions`, and the sessions that both take."""

from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array


class Sessions(NamedTuple):
    """Histories in the order of time, divided into sessions of one second, in which no rating is first.

    `starts`: (s + 1,) int64, session j holds the ratings `starts[j]` … `starts[j + 1]`; `indptr`: (n_users + 1,) int64,
    the sessions of each user.
    """

    starts: Int64Array
    indptr: Int64Array

    @classmethod
    def of(cls, indptr: Int64Array, times: Int64Array) -> Self:
        """Return the sessions of users whose rows are `indptr` and whose `times` ascend in each row."""
        users = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
        new = np.ones(times.size, dtype=np.bool_)
        new[1:] = (times[1:] != times[:-1]) | (users[1:] != users[:-1])
        starts = np.append(np.flatnonzero(new), times.size)
        return cls(starts, np.searchsorted(starts, indptr))

    def distances(self) -> Float32Array:
        """Return the distance of each rating from the end: 1 for the latest, 2 for the one before, … (n,) float32.

        Ratings of one session share the mean of their distances.
        """
        sizes = np.diff(self.starts)
        ends = np.repeat(self.starts[self.indptr[1:]], np.diff(self.indptr))
        return np.repeat((ends - self.starts[1:] + (sizes + 1) / 2).astype(np.float32), sizes)


def count_transitions(sessions: Sessions, items: Int32Array, window: float, counts: Float32Array) -> None:
    """Add 1/d to `counts`[j, i] wherever a user rated j at distance d ≤ `window` before i, or in the same session.

    `items`: (n,) int32, -1 for those that are not counted; `counts`: (c, c) float32. The distance is that of
    `Sessions.distances` in the history up to the session of i, without i itself.
    """
    for first, last in pairwise(sessions.indptr):
        for start, stop in pairwise(sessions.starts[first : last + 1]):
            history = slice(sessions.starts[first], stop)
            # Without i, older ratings are one place nearer, and those of its session half a place.
            until = Sessions.of(np.array([0, stop - history.start]), _session_numbers(sessions)[history])
            distances = until.distances() - np.where(np.arange(history.start, stop) < start, 1, 0.5)
            for target in range(start, stop):
                for source, distance in enumerate(distances, start=int(history.start)):
                    counted = source != target and items[source] >= 0 and items[target] >= 0
                    if counted and distance <= window:
                        counts[items[source], items[target]] += 1 / distance


def _session_numbers(sessions: Sessions) -> Int64Array:
    return np.repeat(np.arange(sessions.starts.size - 1), np.diff(sessions.starts))
