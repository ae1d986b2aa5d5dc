"""Counting transitions from items to later ones. `transitions_plain` is the plain twin and the definition."""

import numba
import numpy as np

from recommender.arrays import Float32Array, Int32Array
from recommender.kernels.transitions_plain import Sessions


@numba.njit(cache=True, nogil=True)
def count_transitions(sessions: Sessions, items: Int32Array, window: float, counts: Float32Array) -> None:
    """Add to `counts` (c, c) like `transitions_plain.count_transitions`."""
    starts = sessions.starts
    for user in range(sessions.indptr.size - 1):
        for session in range(sessions.indptr[user], sessions.indptr[user + 1]):
            size = starts[session + 1] - starts[session]
            if size / 2 <= window:
                _add(sessions, session, session, items, np.float32(2 / size), counts)
            later, before = size - 1, session - 1
            while before >= sessions.indptr[user] and later < window:
                size = starts[before + 1] - starts[before]
                distance = later + (size + 1) / 2
                if distance <= window:
                    _add(sessions, before, session, items, np.float32(1 / distance), counts)
                later += size
                before -= 1


@numba.njit(cache=True, nogil=True)
def _add(  # noqa: PLR0917 - compiled code takes no keywords here.
    sessions: Sessions, before: int, after: int, items: Int32Array, weight: np.float32, counts: Float32Array
) -> None:
    for source in range(sessions.starts[before], sessions.starts[before + 1]):
        for target in range(sessions.starts[after], sessions.starts[after + 1]):
            if source != target and items[source] >= 0 and items[target] >= 0:
                counts[items[source], items[target]] += weight
