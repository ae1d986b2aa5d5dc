"""The mapping of database ids to matrix positions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.arrays import IdsLike, Int32Array, Int64Array, IntegerArray, check_ids, check_integers
from recommender.errors import DataError

UNKNOWN = -1
# Ids of which at least one in four exists are looked up in a table instead of being sorted.
_TABLE_ROOM = 4
# Ids are converted to 64 bits this many at a time.
_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Ids in ascending order; the position of an id is its index.

    `ids`: (n,) int64, strictly ascending. DataError otherwise; `Vocabulary.of` sorts and removes repetitions.
    """

    ids: Int64Array

    def __post_init__(self) -> None:
        ids = check_ids(self.ids, "Vocabulary ids")
        steps = np.flatnonzero(ids[1:] <= ids[:-1])
        if steps.size:
            at = int(steps[0])
            raise DataError(
                f"Vocabulary ids must ascend strictly, but {ids[at]} is followed by {ids[at + 1]}: use Vocabulary.of."
            )
        object.__setattr__(self, "ids", ids)

    @classmethod
    def of(cls, ids: IdsLike) -> "Vocabulary":
        """Return the vocabulary of all distinct `ids` (any order, repetitions allowed)."""
        return cls(np.unique(check_ids(ids, "ids")))

    @classmethod
    def factorize(cls, ids: IdsLike) -> tuple["Vocabulary", Int32Array]:
        """Return the vocabulary of all distinct `ids` (n,), and the position of each of them: (n,) int32.

        Dense ids take less time than with `of` and `positions`, and no copy.
        """
        wanted = check_integers(ids, "ids")
        low, high = (int(wanted.min()), int(wanted.max())) if wanted.size else (0, 0)
        if high - low >= _TABLE_ROOM * wanted.size:
            vocabulary = cls.of(wanted)
            return vocabulary, vocabulary.positions(wanted).astype(np.int32)
        present = np.zeros(high - low + 1, dtype=np.bool_)
        for part in _parts(wanted.size):
            present[_distances(wanted[part], low)] = True
        numbers = np.cumsum(present, dtype=np.int32) - np.int32(1)
        positions = np.empty(wanted.size, dtype=np.int32)
        for part in _parts(wanted.size):
            positions[part] = numbers[_distances(wanted[part], low)]
        return cls(np.flatnonzero(present) + low), positions

    def __len__(self) -> int:
        return int(self.ids.size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and np.array_equal(self.ids, other.ids)

    __hash__ = None  # type: ignore[assignment]  # Equal by content, and content is an array: not a dictionary key.

    def positions(self, ids: IdsLike) -> Int64Array:
        """Return the position of each id: (n,) int64, `UNKNOWN` (-1) for an id that is not in the vocabulary."""
        wanted = check_ids(ids, "ids")
        if not len(self):
            return np.full(wanted.shape, UNKNOWN, dtype=np.int64)
        found = np.searchsorted(self.ids, wanted)
        found[found == len(self)] = 0
        found[self.ids[found] != wanted] = UNKNOWN
        return found

    def ids_at(self, positions: npt.NDArray[np.integer]) -> Int64Array:
        """Return the ids at `positions` (any shape); DataError for a position outside 0…n-1."""
        wrong = (positions < 0) | (positions >= len(self))
        if wrong.any():
            raise DataError(f"Position {positions[wrong][0]} is outside this vocabulary of {len(self)} ids.")
        ids: Int64Array = self.ids[positions]
        return ids


def _parts(n: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, n, _CHUNK))


def _distances(ids: IntegerArray, low: int) -> Int64Array:
    distances = ids.astype(np.int64)
    distances -= low
    return distances
