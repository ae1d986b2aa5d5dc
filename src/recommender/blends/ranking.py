"""Ranking of `house`: by films that often follow the latest ones, associations, popularity and predicted stars.

The score of an item is Σ_m w_m x_m over four features: log(ε + transitions from the latest items), log(ε + associations
with all items), log(popularity), predicted stars. `blends.logit` learns the weights. Only positive ratings count as a
user's items.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np

from recommender.arrays import BoolArray, Float32Array, Int32Array, Int64Array, check_shape, readonly_view
from recommender.blends.histories import Histories
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.errors import DataError
from recommender.items.ease import ease_weights, item_gram_matrix
from recommender.kernels import row_sums_plain
from recommender.kernels.transitions_plain import Sessions

# An association is close to the probability that a user of the other items has this one, too.
_ASSOCIATION_FLOOR = 0.02
# Transitions are divided by a root of the earlier item's number of ratings, which favours specific ones.
_DAMPING = 5.0
# Items of the core have at least this many ratings, unless fewer items than this would be left.
_RATED_AT_LEAST, _CORE_AT_LEAST = 5, 500
N_FEATURES = 4
# Fewer users than this, such as the one of a web request, are scored without loading compiled kernels.
_COMPILED_FROM = 64

RowSums: TypeAlias = Callable[[Int64Array, Int32Array, Float32Array, Float32Array, Float32Array], None]


@dataclass(frozen=True, eq=False)
class ItemRelations:
    """Relations of the c most rated items, the core.

    `core`: (c,) int32, their positions, ascending; `associations`: (c, c) float32 (see `items.ease`); `transitions`:
    (c, c) float32, weighted counts of the later item (column) following the earlier one, or (0, 0) if times are
    unknown; `popularity`: (n_items,) float32, log(1 + ratings). The arrays may be memory-mapped.
    """

    core: Int32Array
    associations: Float32Array
    transitions: Float32Array
    popularity: Float32Array

    def __post_init__(self) -> None:
        check_shape(self.associations, (self.core.size, self.core.size), "associations")
        if self.transitions.size:
            check_shape(self.transitions, (self.core.size, self.core.size), "transitions")
        for name in ("associations", "transitions", "popularity"):
            if getattr(self, name).dtype != np.float32:
                raise DataError(f"{name} must be float32, got {getattr(self, name).dtype}.")

    def ranks(self) -> Int32Array:
        """Return the index of each item in the core, or -1: (n_items,) int32."""
        ranks = np.full(self.popularity.size, -1, dtype=np.int32)
        ranks[self.core] = np.arange(self.core.size, dtype=np.int32)
        return ranks

    def sums(self, histories: Histories, ranks: Int32Array) -> tuple[Float32Array, Float32Array]:
        """Return transitions and associations of each history with the core: two arrays (n_users, c) float32."""
        row_sums = _row_sums(histories.liked.n_rows)
        places = ranks[histories.liked.indices]
        users, known = histories.rows_of_entries(), places >= 0
        found = np.zeros((2, histories.liked.n_rows, self.core.size), dtype=np.float32)
        for sums, relation, weights in (
            (found[0], self.transitions, histories.recency),
            (found[1], self.associations, np.ones_like(histories.recency)),
        ):
            if relation.size:
                used = known & (weights > 0)
                rows = Rows.of_sorted(users[used], places[used], n_rows=histories.liked.n_rows)
                row_sums(rows.indptr, rows.indices, weights[used], readonly_view(relation), sums)
        return found[0], found[1]


@dataclass(frozen=True)
class RankingWeights:
    """`ordered`, `unordered`: weights of the four features for users whose latest items are known, and for others.

    `transition_floor`: ε of the first feature. Without transitions the first weight is 0.
    """

    ordered: tuple[float, ...]
    unordered: tuple[float, ...]
    transition_floor: float

    def __post_init__(self) -> None:
        values = np.array([*self.ordered, *self.unordered, self.transition_floor])
        if values.size != 2 * N_FEATURES + 1 or not np.isfinite(values).all() or self.transition_floor <= 0:
            raise DataError(f"{self}: there must be {N_FEATURES} finite weights of each kind and a floor above 0.")

    def scores(
        self,
        transitions: Float32Array,
        associations: Float32Array,
        relations: ItemRelations,
        stars: Float32Array,
        *,
        ordered: BoolArray,
    ) -> Float32Array:
        """Return Σ_m w_m x_m of some users: (n_users, n_items) float32.

        `transitions`, `associations`: (n_users, c), of the core, 0 for other items; `stars`: (n_users, n_items);
        `ordered`: (n_users,) bool, whether the latest items are known.
        """
        known = np.array(self.ordered, dtype=np.float32)
        unknown = np.array([0.0, *self.unordered[1:]], dtype=np.float32)
        weights = np.where(ordered[:, None], known, unknown)
        nothing = np.zeros((1, 1), dtype=np.float32)
        scores = weights[:, 2, None] * relations.popularity
        scores += weights[:, 3, None] * stars
        related = weights[:, 1, None] * association_feature(nothing) * np.ones_like(relations.popularity)
        related[:, relations.core] = weights[:, 1, None] * association_feature(associations)
        scores += related
        if ordered.any():
            related[:] = weights[:, 0, None] * transition_feature(nothing, self.transition_floor)
            related[:, relations.core] = weights[:, 0, None] * transition_feature(transitions, self.transition_floor)
            scores += related
        return np.asarray(scores, dtype=np.float32)


def _row_sums(n_users: int) -> RowSums:
    if n_users < _COMPILED_FROM:
        return row_sums_plain.row_sums
    from recommender.kernels import row_sums  # noqa: PLC0415 - numba takes half a second to load.

    return row_sums.row_sums


def transition_feature(transitions: Float32Array, floor: float) -> Float32Array:
    """Return log(ε + t), any shape."""
    return np.asarray(np.log(transitions + np.float32(floor)), dtype=np.float32)


def association_feature(associations: Float32Array) -> Float32Array:
    """Return log(ε + max(a, 0)), any shape."""
    return np.asarray(np.log(np.maximum(associations, 0) + np.float32(_ASSOCIATION_FLOOR)), dtype=np.float32)


class RelationsConfig(NamedTuple):
    """`n_core`: most items that are related; `regularisation`: λ of associations; `window`: of transitions."""

    n_core: int
    regularisation: float
    window: int


def item_relations(ratings: Ratings, config: RelationsConfig) -> ItemRelations:
    """Return the relations of items with five or more ratings, by all `ratings`, positive or not.

    Needs 28 · c² bytes of memory beside them, and time in proportion to c³ + n_users · c².
    """
    counts = np.bincount(ratings.item_positions, minlength=len(ratings.items))
    core = _core(counts, config.n_core)
    gram = item_gram_matrix(ratings.by_user(), core, len(ratings.items))
    relations = ItemRelations(
        core=core,
        associations=ease_weights(gram, config.regularisation),
        transitions=np.zeros((0, 0), dtype=np.float32),
        popularity=np.log1p(counts).astype(np.float32),
    )
    if ratings.times is None:
        return relations
    transitions = _transitions(ratings, ratings.times, relations.ranks(), config.window)
    transitions *= ((counts[core] + _DAMPING) ** -0.5).astype(np.float32)[:, None]
    return replace(relations, transitions=transitions)


def _core(counts: Int64Array, most: int) -> Int32Array:
    """Return the most rated items, ascending, without those that have too few ratings to relate them."""
    enough = max(np.count_nonzero(counts >= _RATED_AT_LEAST), min(_CORE_AT_LEAST, counts.size))
    return np.sort(np.argsort(-counts, kind="stable")[: min(most, enough)]).astype(np.int32)


def _transitions(ratings: Ratings, times: Int64Array, ranks: Int32Array, window: int) -> Float32Array:
    from recommender.kernels.transitions import count_transitions  # noqa: PLC0415 - only training needs numba.

    order = np.lexsort((times, ratings.user_positions))
    n_core = int(ranks.max()) + 1
    counts = np.zeros((n_core, n_core), dtype=np.float32)
    sessions = Sessions.of(ratings.by_user().indptr, times[order])
    count_transitions(sessions, ranks[ratings.item_positions][order], float(window), counts)
    return counts
