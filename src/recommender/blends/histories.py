"""What people liked, and how far back it lies."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows
from recommender.kernels.transitions_plain import Sessions


class Histories(NamedTuple):
    """What people liked.

    `liked`: a row of item positions each; `recency`: (n,) float32, 1/d of an item that lies d ratings back, 0 of those
    past the window. d is 1 for the latest; without times all recencies are 0.
    """

    liked: Rows
    recency: Float32Array

    def people(self) -> Int64Array:
        """Return the row of each entry: (n,) int64."""
        return np.repeat(np.arange(self.liked.n_rows), np.diff(self.liked.indptr))

    def ordered(self) -> BoolArray:
        """Return whether it is known of each person what they liked lately: (n_rows,) bool."""
        recent: BoolArray = np.bincount(self.people()[self.recency > 0], minlength=self.liked.n_rows) > 0
        return recent

    def take(self, users: Int64Array) -> "Histories":
        """Return the histories of the users at these positions."""
        liked = self.liked.take(users)
        starts = np.repeat(self.liked.indptr[users] - liked.indptr[:-1], np.diff(liked.indptr))
        return Histories(liked, self.recency[starts + np.arange(liked.indices.size)])

    @classmethod
    def of_people(cls, people: Sequence[tuple[Int32Array, Float32Array]]) -> "Histories":
        """Return histories from the item positions and recencies of each user."""
        lengths = np.array([items.size for items, _ in people], dtype=np.int64)
        liked = Rows(np.concatenate([[0], np.cumsum(lengths)]), np.concatenate([items for items, _ in people]))
        return cls(liked, np.concatenate([recency for _, recency in people]))

    def row(self, user: int) -> tuple[Int32Array, Float32Array]:
        """Return the item positions and recencies of one user."""
        own = slice(self.liked.indptr[user], self.liked.indptr[user + 1])
        return self.liked.indices[own], self.recency[own]


class HistoryRule(NamedTuple):
    """`liked_from`: stars from which a rating is a liking; `window`: how many ratings back one may lie to be recent."""

    liked_from: float
    window: int

    def histories(self, rated: Rows, values: Float32Array, times: Int64Array | None) -> Histories:
        """Return the histories of users who gave `rated` the stars `values`, (n,), at `times`, (n,) Unix seconds or
        None.

        What was not liked leads nowhere, but what came before it does lie one further back.
        """
        people = np.repeat(np.arange(rated.n_rows), np.diff(rated.indptr))
        recency = np.zeros(rated.indices.size, dtype=np.float32)
        if times is not None:
            order = np.lexsort((times, people))
            distances = Sessions.of(rated.indptr, times[order]).distances()
            recency[order] = np.where(distances <= self.window, 1 / distances, 0)
        liked = values >= np.float32(self.liked_from)
        return Histories(Rows.of_sorted(people[liked], rated.indices[liked], n_rows=rated.n_rows), recency[liked])
