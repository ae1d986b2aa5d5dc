"""Leave-last-out: hold out one rating of each user, and find the rank of that film among others.

Against negatives: among sampled films that the user has not rated (He et al. 2017, WWW, section 4.1). Against the full
catalogue: among all films that the model knows and the user has not rated in training, as in recommendations. Sampled
negatives may order models differently (Krichene, Rendle 2020, KDD). Films with equal scores rank before the held-out
one, so a constant score gains nothing.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array, check_shape
from recommender.config import require
from recommender.contract import AnyModel
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.splits import Split
from recommender.data.vocabulary import Vocabulary
from recommender.errors import DataError
from recommender.evaluation.metrics import LIST_LENGTH, catalogue_coverage, intra_list_diversity, novelty
from recommender.recommendations import recommend_batches

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MISSED = int(np.iinfo(np.int64).max)
"""The rank of a film that is not found: beyond every list."""


@dataclass(frozen=True, eq=False)
class LeaveLastOut:
    """Ratings to train on, and m test cases: `user_ids` and `item_ids` (m,) int64, the held-out film of each user.

    `negatives`: (m, n) int64 film ids to rank each held-out film against, None for the full catalogue alone. DataError
    without test cases, for arrays of other shapes, or if a held-out film is among its own negatives.
    """

    train: Ratings
    user_ids: Int64Array
    item_ids: Int64Array
    negatives: Int64Array | None = None

    def __post_init__(self) -> None:
        if not self.user_ids.size:
            raise DataError("There are no test cases: at least one user and film are needed.")
        check_shape(self.item_ids, self.user_ids.shape, "item_ids")
        if self.negatives is None:
            return
        check_shape(self.negatives, (self.user_ids.size, *self.negatives.shape[1:2]), "negatives")
        itself = (self.negatives == self.item_ids[:, None]).any(axis=1)
        if itself.any():
            row = int(np.argmax(itself))
            raise DataError(
                f"Film {self.item_ids[row]}, held out in row {row + 1}, is among its own negatives: draw others."
            )

    @classmethod
    def from_split(cls, split: Split) -> Self:
        """Return the test cases of a split whose test part has one rating of each user."""
        return cls(split.train, split.test.user_ids, split.test.item_ids)

    def with_negatives(self, n: int, *, seed: int) -> Self:
        """Draw `n` negatives per test case, uniformly from the films that the user has not rated.

        ConfigError for `n` below 1, DataError if a user has too few unrated films.
        """
        require(n >= 1, "The number of negatives", n, "at least 1")
        n_cases = self.user_ids.size
        items = Vocabulary.of(np.concatenate([self.train.items.ids, self.item_ids]))
        rows, positions = self.rated_items(items)
        rows = np.concatenate([rows, np.arange(n_cases)])
        positions = np.concatenate([positions, items.positions(self.item_ids)])
        rated = Rows.of_pairs(rows, positions, n_rows=n_cases)
        rng, negatives = np.random.default_rng(seed), np.empty((n_cases, n), dtype=np.int64)
        for row in range(n_cases):
            own = rated.indices[rated.indptr[row] : rated.indptr[row + 1]]
            if len(items) - own.size < n:
                raise DataError(
                    f"User {self.user_ids[row]} has not rated {len(items) - own.size} films: "
                    f"{n} negatives cannot be drawn, draw fewer."
                )
            drawn = rng.choice(len(items), size=n + own.size, replace=False)
            negatives[row] = items.ids[drawn[~np.isin(drawn, own)][:n]]
        return replace(self, negatives=negatives)

    def rated_items(self, items: Vocabulary) -> tuple[Int64Array, Int64Array]:
        """Return the users' training ratings: row of the test case, and position in `items` or -1; two (p,) arrays."""
        users = self.train.users.positions(self.user_ids)
        rated = self.train.by_user().take(np.maximum(users, 0))
        rows = np.repeat(np.arange(users.size), np.diff(rated.indptr))
        known = users[rows] >= 0
        return rows[known], items.positions(self.train.items.ids)[rated.indices[known]]


class RankResult(NamedTuple):
    """`ranks`: (m,) int64, how many films rank before the held-out one, `MISSED` for k or more.

    `lists`: (m, k) int32, the positions of the k best items, padded with -1.
    """

    ranks: Int64Array
    lists: Int32Array


def rank_negatives(model: AnyModel, task: LeaveLastOut) -> Int64Array:
    """Return the rank of each film among its negatives: (m,) int64, `MISSED` for an unknown film or user.

    Negatives that the model does not know rank below all others. DataError for a task without negatives.
    """
    if task.negatives is None:
        raise DataError("There are no negatives to rank against: give some, or draw them with with_negatives.")
    n = task.negatives.shape[1]
    target = model.score(task.user_ids, task.item_ids)
    others = model.score(np.repeat(task.user_ids, n), task.negatives.ravel()).reshape(-1, n)
    above = (others >= target[:, None]).sum(axis=1)
    ranks: Int64Array = np.where(np.isnan(target), MISSED, above)
    return ranks


def rank_all(model: AnyModel, task: LeaveLastOut, *, k: int = LIST_LENGTH) -> RankResult:
    """Return the rank of each film among all that the model knows and the user has not rated in training.

    Users and films that the model does not know are `MISSED`.
    """
    users, movies = model.positions(task.user_ids, task.item_ids)
    known = np.flatnonzero(users >= 0)
    exclude = Rows.of_pairs(*task.rated_items(model.items), n_rows=users.size).take(known)
    ranks = np.full(users.size, MISSED, dtype=np.int64)
    lists = np.full((users.size, k), -1, dtype=np.int32)
    # The item after the last one shows whether the film ties with it.
    for batch in recommend_batches(model, users[known], n=k + 1, exclude=exclude):
        rows = known[batch.start : batch.start + len(batch.items)]
        lists[rows] = batch.items[:, :k]
        ranks[rows] = _ranks_in_lists(batch.items, batch.scores, movies[rows])
    ranks[ranks >= k] = MISSED
    return RankResult(ranks, lists)


def list_metrics(
    lists: Int32Array, items: Vocabulary, train: Ratings, catalogue: Catalogue | None = None
) -> dict[str, float]:
    """Return `coverage`, `novelty` (bits) and `diversity` of lists (m, k) of positions in `items`, padded with -1.

    `items`: all items that could be recommended. Diversity compares their genres if a `catalogue` is given, and
    otherwise their columns of ratings in `train`.
    """
    columns = _rating_columns(train, items)
    vectors = columns if catalogue is None else _genre_vectors(items, catalogue)
    return {
        "coverage": catalogue_coverage(lists, len(items)),
        "novelty": novelty(lists, np.diff(columns.indptr), len(train.users)),
        "diversity": intra_list_diversity(lists, vectors),
    }


def _rating_columns(ratings: Ratings, items: Vocabulary) -> "csr_array":
    """Return the stars of each item by user: (n_items, n_users) float64, 0 where not rated."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - web processes do not need it.

    positions = items.positions(ratings.items.ids)[ratings.item_positions]
    known = positions >= 0
    places = (positions[known], ratings.user_positions[known])
    return csr_array((ratings.values[known].astype(np.float64), places), shape=(len(items), len(ratings.users)))


def _genre_vectors(items: Vocabulary, catalogue: Catalogue) -> "csr_array":
    """Return 1 for each genre of an item: (n_items, n_genres) float64; zeros for items without genres."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - web processes do not need it.

    genres = catalogue.over(items).genres
    ones = np.ones(genres.rows.indices.size)
    return csr_array((ones, genres.rows.indices, genres.rows.indptr), shape=(len(items), max(len(genres.words), 1)))


def _ranks_in_lists(items: Int32Array, scores: Float32Array, movies: Int64Array) -> Int64Array:
    """Return how many other items of each list score at least as much as its film; `MISSED` for a missing film."""
    found = (items == movies[:, None]) & (movies >= 0)[:, None]
    own = np.where(found, scores, np.float32(0)).sum(axis=1)
    above = (scores >= own[:, None]).sum(axis=1) - 1
    ranks: Int64Array = np.where(found.any(axis=1), above, MISSED)
    return ranks
