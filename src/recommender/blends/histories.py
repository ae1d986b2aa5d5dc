"""Histories: the items that users liked, and how recently."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from recommender.data.rows import Rows
from recommender.kernels.transitions_plain import Sessions


class Histories(NamedTuple):
    """The items that users liked.

    `liked`: a row of item positions per user; `recency`: (n,) float32, 1/d for an item d ratings ago, where d is 1 for
    the latest rating, and 0 beyond the window. Without times all recencies are 0.
    """

    liked: Rows
    recency: Float32Array

    def rows_of_entries(self) -> Int64Array:
        """Return the row of each entry: (n,) int64."""
        return np.repeat(np.arange(self.liked.n_rows), np.diff(self.liked.indptr))

    def have_recency(self) -> BoolArray:
        """Return whether the recent items of each user are known: (n_rows,) bool."""
        recent: BoolArray = np.bincount(self.rows_of_entries()[self.recency > 0], minlength=self.liked.n_rows) > 0
        return recent

    def take(self, users: Int64Array) -> "Histories":
        """Return the histories of the users at these positions."""
        liked = self.liked.take(users)
        starts = np.repeat(self.liked.indptr[users] - liked.indptr[:-1], np.diff(liked.indptr))
        return Histories(liked, self.recency[starts + np.arange(liked.indices.size)])

    @classmethod
    def from_users(cls, users: Sequence[tuple[Int32Array, Float32Array]]) -> "Histories":
        """Return histories from the item positions and recencies of each user."""
        lengths = np.array([items.size for items, _ in users], dtype=np.int64)
        liked = Rows(np.concatenate([[0], np.cumsum(lengths)]), np.concatenate([items for items, _ in users]))
        return cls(liked, np.concatenate([recency for _, recency in users]))

    def row(self, user: int) -> tuple[Int32Array, Float32Array]:
        """Return the item positions and recencies of one user."""
        own = slice(self.liked.indptr[user], self.liked.indptr[user + 1])
        return self.liked.indices[own], self.recency[own]


class HistoryRule(NamedTuple):
    """`liked_from`: stars from which a rating is positive; `window`: how many of the latest ratings are recent."""

    liked_from: float
    window: int

    def histories(self, rated: Rows, values: Float32Array, times: Int64Array | None) -> Histories:
        """Return the histories of users who gave `rated` the stars `values`, (n,), at `times`, (n,) Unix seconds.

        Other ratings are not in a history, but they count in the distance of earlier ones.
        """
        users = np.repeat(np.arange(rated.n_rows), np.diff(rated.indptr))
        recency = np.zeros(rated.indices.size, dtype=np.float32)
        if times is not None:
            order = np.lexsort((times, users))
            distances = Sessions.of(rated.indptr, times[order]).distances()
            recency[order] = np.where(distances <= self.window, 1 / distances, 0)
        liked = values >= np.float32(self.liked_from)
        return Histories(Rows.of_sorted(users[liked], rated.indices[liked], n_rows=rated.n_rows), recency[liked])
