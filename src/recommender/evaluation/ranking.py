"""Leave-last-out: a rating of each user is kept from the model, and the model is asked where it ranks the film.

Against negatives: the film among so many that the user has not rated (He et al. 2017, WWW, section 4.1). Against the
full catalogue: the film among all that the model knows and the user has not rated in training, which is what people are
suggested from; sampled negatives can order models otherwise (Krichene, Rendle 2020, KDD). Whatever scores the same
stands before the film that is looked for, so a model gains nothing by saying the same of many.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from recommender.arrays import Float32Array, Int32Array, Int64Array, check_shape
from recommender.contract import AnyModel
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.splits import Split
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError
from recommender.evaluation.metrics import (
    LIST_LENGTH,
    catalogue_coverage,
    hit_rate,
    hits_of_ranks,
    intra_list_diversity,
    ndcgs,
    novelty,
    reciprocal_ranks,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from recommender.data.catalogue import Catalogue

MISSED = int(np.iinfo(np.int64).max)
"""The rank of what is not found: beyond every list."""


@dataclass(frozen=True, eq=False)
class LastOut:
    """`train`: ratings to learn from; `user_ids`, `item_ids`: (m,) int64, who is asked for and the film looked for.

    `negatives`: (m, n) int64 ids that each film is held against, or None for the full catalogue alone. DataError for
    arrays of other shapes, and for a film among its own negatives.
    """

    train: Ratings
    user_ids: Int64Array
    item_ids: Int64Array
    negatives: Int64Array | None = None

    def __post_init__(self) -> None:
        if not self.user_ids.size:
            raise DataError("Nobody is asked for: at least one user and film are needed.")
        check_shape(self.item_ids, self.user_ids.shape, "item_ids")
        if self.negatives is None:
            return
        check_shape(self.negatives, (self.user_ids.size, *self.negatives.shape[1:2]), "negatives")
        itself = (self.negatives == self.item_ids[:, None]).any(axis=1)
        if itself.any():
            row = int(np.argmax(itself))
            raise DataError(
                f"Film {self.item_ids[row]}, looked for in row {row + 1}, is among its own negatives: draw others."
            )

    @classmethod
    def of(cls, split: Split) -> Self:
        """The questions of a split whose test part holds one rating of each user."""
        return cls(split.train, split.test.user_ids, split.test.item_ids)

    def with_negatives(self, n: int, *, seed: int) -> Self:
        """The same with `n` negatives each: films rated by anybody, but not by the user, each as likely.

        ConfigError for `n` below 1, DataError where too few films are left for somebody.
        """
        if n < 1:
            raise ConfigError(f"The number of negatives is {n}: it must be at least 1.")
        items = Vocabulary.of(np.concatenate([self.train.items.ids, self.item_ids]))
        rows, positions = _rated(self, items)
        rows = np.concatenate([rows, np.arange(self.user_ids.size)])
        positions = np.concatenate([positions, items.positions(self.item_ids)])
        rated = Rows.of_pairs(rows, positions, n_rows=self.user_ids.size)
        rng, negatives = np.random.default_rng(seed), np.empty((self.user_ids.size, n), dtype=np.int64)
        for row in range(self.user_ids.size):
            own = rated.indices[rated.indptr[row] : rated.indptr[row + 1]]
            if len(items) - own.size < n:
                raise DataError(
                    f"User {self.user_ids[row]} has not rated {len(items) - own.size} films: "
                    f"{n} negatives cannot be drawn, ask for fewer."
                )
            drawn = rng.choice(len(items), size=n + own.size, replace=False)
            negatives[row] = items.ids[drawn[~np.isin(drawn, own)][:n]]
        return replace(self, negatives=negatives)


class RankResult(NamedTuple):
    """`ranks`: (m,) int64, how many stand before the film looked for, `MISSED` where that is k or more.

    `lists`: (m, k) int32, the positions of the best items, padded with -1.
    """

    ranks: Int64Array
    lists: Int32Array


def rank_negatives(model: AnyModel, task: LastOut) -> Int64Array:
    """How many negatives rank at or above each film: (m,) int64, `MISSED` where the model knows not it or not the user.

    Negatives that the model does not know rank below all others. DataError where the task has none.
    """
    if task.negatives is None:
        raise DataError("There are no negatives to rank against: give some, or draw them with with_negatives.")
    n = task.negatives.shape[1]
    target = model.score(task.user_ids, task.item_ids)
    others = model.score(np.repeat(task.user_ids, n), task.negatives.ravel()).reshape(-1, n)
    above = (others >= target[:, None]).sum(axis=1)
    ranks: Int64Array = np.where(np.isnan(target), MISSED, above)
    return ranks


def rank_all(model: AnyModel, task: LastOut, *, k: int = LIST_LENGTH) -> RankResult:
    """Where each film stands among all that the model knows, without what the user rated in training.

    Users and films that the model does not know are `MISSED`.
    """
    users, movies = model.positions(task.user_ids, task.item_ids)
    known = np.flatnonzero(users >= 0)
    exclude = Rows.of_pairs(*_rated(task, model.items), n_rows=users.size).take(known)
    ranks = np.full(users.size, MISSED, dtype=np.int64)
    lists = np.full((users.size, k), -1, dtype=np.int32)
    # One more than asked for: films that score as the last one of the list are seen, as far as they matter.
    for block in model.recommend_batches(users[known], n=k + 1, exclude=exclude):
        rows = known[block.start : block.start + len(block.items)]
        lists[rows] = block.items[:, :k]
        ranks[rows] = _ranks(block.items, block.scores, movies[rows])
    ranks[ranks >= k] = MISSED
    return RankResult(ranks, lists)


def ranking_metrics(ranks: Int64Array, *, k: int = LIST_LENGTH) -> dict[str, float]:
    """`hr@k`, `ndcg@k` and `mrr@k` of ranks (m,) of one film each, 0 being the best."""
    hits = hits_of_ranks(ranks, k)
    return {
        f"hr@{k}": hit_rate(hits),
        f"ndcg@{k}": float(ndcgs(hits, np.ones(len(hits), dtype=np.int64)).mean()),
        f"mrr@{k}": float(reciprocal_ranks(hits).mean()),
    }


def list_metrics(
    lists: Int32Array, items: Vocabulary, train: Ratings, catalogue: "Catalogue | None" = None
) -> dict[str, float]:
    """`coverage`, `novelty` (bits) and `diversity` of lists (m, k) of positions in `items`, padded with -1.

    `items` are all that could have been suggested. They are told apart by their genres where a `catalogue` is given,
    else by who rated them in `train` with how many stars.
    """
    columns = rating_columns(train, items)
    vectors = columns if catalogue is None else genre_vectors(items, catalogue)
    return {
        "coverage": catalogue_coverage(lists, len(items)),
        "novelty": novelty(lists, np.diff(columns.indptr), len(train.users)),
        "diversity": intra_list_diversity(lists, vectors),
    }


def rating_columns(ratings: Ratings, items: Vocabulary) -> "csr_array":
    """The stars of each of `items` by user: (n_items, n_users) float64, 0 where not rated."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - web processes never measure.

    positions = items.positions(ratings.items.ids)[ratings.item_positions]
    known = positions >= 0
    places = (positions[known], ratings.user_positions[known])
    return csr_array((ratings.values[known].astype(np.float64), places), shape=(len(items), len(ratings.users)))


def genre_vectors(items: Vocabulary, catalogue: "Catalogue") -> "csr_array":
    """1 for each genre of an item: (n_items, n_genres) float64; zeros for items that the catalogue does not know."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - web processes never measure.

    genres = catalogue.over(items).genres
    ones = np.ones(genres.rows.indices.size)
    return csr_array((ones, genres.rows.indices, genres.rows.indptr), shape=(len(items), max(len(genres.words), 1)))


def _ranks(items: Int32Array, scores: Float32Array, movies: Int64Array) -> Int64Array:
    """How many others of each list score as much as the film or more; `MISSED` where it is not there."""
    found = (items == movies[:, None]) & (movies >= 0)[:, None]
    own = np.where(found, scores, np.float32(0)).sum(axis=1)
    above = (scores >= own[:, None]).sum(axis=1) - 1
    ranks: Int64Array = np.where(found.any(axis=1), above, MISSED)
    return ranks


def _rated(task: LastOut, items: Vocabulary) -> tuple[Int64Array, Int64Array]:
    """What those who are asked for rated in training: rows of the task, and beside them positions in `items` or -1."""
    users = task.train.users.positions(task.user_ids)
    rated = task.train.by_user().take(np.maximum(users, 0))
    rows = np.repeat(np.arange(users.size), np.diff(rated.indptr))
    own = users[rows] >= 0
    return rows[own], items.positions(task.train.items.ids)[rated.indices[own]]
