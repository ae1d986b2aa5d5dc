"""The model of `hybrid`, which ranks in two stages and interleaves two orders.

Stage 1 keeps the films that share a genre with a given film, or with the favourite genres of a user. Stage 2 orders
them twice, by the cosine of their keyword vectors and by the stars that KMF predicts. It takes a film from each order
alternately, keywords first, without repetition (see `interleaving`). The other films follow in the same way.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

import numpy as np

from recommender.arrays import BoolArray, Float32Array, IdsLike, Int64Array, check_shape
from recommender.blends.interleaving import interleave, places, rank_items
from recommender.config import require
from recommender.contract import Model
from recommender.data.vocabulary import Vocabulary
from recommender.errors import DataError
from recommender.factors.foldin import UserParameters
from recommender.factors.kmf_model import KMFModel
from recommender.items.implicit_feedback import ImplicitUserState, score_pairs_by_user
from recommender.items.keywords import KeywordProfile, KeywordsModel
from recommender.persistence import stored_as
from recommender.rating_scale import RATING_SCALE
from recommender.topk import TopItems, check_candidates

LONGEST_LIST = 50


class HybridUserState(NamedTuple):
    """The states of a user in both parts: `words` in the keywords, `vector` in KMF."""

    words: ImplicitUserState[KeywordProfile]
    vector: UserParameters

    @property
    def n_ratings(self) -> int:
        """The number of ratings of the user."""
        return int(self.words.profile.items.size)


@dataclass(frozen=True, eq=False, kw_only=True)
class HybridModel(Model[HybridUserState]):
    """Stars are those of `kmf`; the score of an item is 1 / (1 + its turn).

    `keywords`, `kmf`: both over all `items`, including unrated ones of the catalogue; `genres`: (n_items, n_genres)
    bool; `n_favourites`: the number of genres that stage 1 keeps; `vector_from`: the number of ratings from which
    predicted stars take part.
    """

    kind: ClassVar[str] = "hybrid"

    users: Vocabulary
    items: Vocabulary
    keywords: KeywordsModel = field(metadata=stored_as("keywords_", group="keywords"))
    kmf: KMFModel = field(metadata=stored_as("kmf_", group="kmf"))
    genres: BoolArray
    n_favourites: int
    vector_from: int
    rating_scale: tuple[float, float] = RATING_SCALE

    def __post_init__(self) -> None:
        if self.genres.ndim != 2:  # noqa: PLR2004 - a matrix.
            raise DataError(f"genres must be (n_items, n_genres), got shape {self.genres.shape}.")
        check_shape(self.genres, (len(self.items), self.genres.shape[1]), "genres")
        for part in (self.keywords, self.kmf):
            if part.users != self.users or part.items != self.items:
                raise DataError(f"The part {part.kind} has other users or items than the model.")

    # The contract.

    def user_state(self, position: int) -> HybridUserState:
        """Return the states of the user at a position in both parts."""
        return HybridUserState(self.keywords.user_state(position), self.kmf.user_state(position))

    def score_items(self, user: HybridUserState) -> Float32Array:
        """Return 1 / (1 + turn) of every item, those without a favourite genre after all others: (n_items,) float32."""
        cosines = self.keywords.score_items(user.words)
        turns = self._turns(user, cosines, first=self._find_favoured_items(user.words.profile))
        return (1 / (1 + turns)).astype(np.float32)

    def similar_items(self, item_ids: IdsLike, n: int) -> TopItems:
        """Return the `n` items with the most similar keyword vectors."""
        return self.keywords.similar_items(item_ids, n)

    def recommend_from(
        self,
        item_id: int,
        user: HybridUserState | None,
        k: int,
        *,
        exclude: IdsLike = (),
        candidates: BoolArray | None = None,
    ) -> TopItems:
        """Return the `k` best items to watch after an item, for a user or, without one, for all: one row.

        Stage 1 keeps items that share a genre with it, or a word if it has no genre. `exclude`: ids never to list,
        such as rated ones; `candidates`: (n_items,) bool, the only items to list. The list is padded if there are
        fewer items, and all padding for an unknown item. ConfigError unless `k` is from 1 to 50.
        """
        require(1 <= k <= LONGEST_LIST, "k", k, f"from 1 to {LONGEST_LIST}")
        found = TopItems.empty(1, k)
        allowed = check_candidates(candidates, len(self.items)).copy()
        seed = int(self.items.positions([item_id])[0])
        if seed < 0:
            return found
        cosines = self.keywords.vectors.to_items(np.array([seed]))[0]
        own = self.genres[seed]
        allowed &= self.genres[:, own].any(axis=1) if own.any() else cosines > 0
        left_out = self.items.positions(exclude)
        allowed[np.append(left_out[left_out >= 0], seed)] = False
        some = np.flatnonzero(allowed)
        turns = self._turns(user, cosines, first=allowed)[some]
        best = np.argsort(turns, kind="stable")[:k]
        found.item_ids[0, : best.size] = self.items.ids[some[best]]
        found.scores[0, : best.size] = 1 / (1 + turns[best])
        return found

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self.kmf._rate_pairs(users, items)  # noqa: SLF001 - a part of this model.

    def _rate_items(self, user: HybridUserState) -> Float32Array:
        return self.kmf._rate_items(user.vector)  # noqa: SLF001 - a part of this model.

    def _rate_some(self, user: HybridUserState, positions: Int64Array) -> Float32Array:
        return self.kmf._rate_some(user.vector, positions)  # noqa: SLF001 - a part of this model.

    def _fallback_stars(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return self.kmf._fallback_stars(users, items)  # noqa: SLF001 - a part of this model.

    def _fold_in(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> HybridUserState:
        words = self.keywords._fold_in(positions, values, times)  # noqa: SLF001 - a part of this model.
        return HybridUserState(words, self.kmf._fold_in(positions, values, times))  # noqa: SLF001 - the other.

    def _score_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return score_pairs_by_user(users, items, lambda user, own: self.score_items(self.user_state(user))[own])

    # The two stages.

    def _find_favoured_items(self, profile: KeywordProfile) -> BoolArray:
        """Return the items with a favourite genre of a user: (n_items,) bool; all if there is none.

        The weight of a genre is the sum, over its rated films, of the ratings above the user's mean.
        """
        genre_weights = profile.weights.astype(np.float64) @ self.genres[profile.items]
        best = np.argsort(-genre_weights, kind="stable")[: self.n_favourites]
        favourites = best[genre_weights[best] > 0]
        if not favourites.size:
            return np.ones(len(self.items), dtype=np.bool_)
        return np.asarray(self.genres[:, favourites].any(axis=1))

    def _turns(self, user: HybridUserState | None, cosines: Float32Array, *, first: BoolArray) -> Int64Array:
        """Return the rank of each item, from 0, with the items that are `first` before all others: (n_items,) int64."""
        stars = self._rate_items(self._average_user if user is None else user)
        order = rank_items(stars, first, np.arange(stars.size))
        by_stars = places(order)
        # Stars order films whose words are the same.
        by_words = places(order[rank_items(cosines, first, by_stars)])
        if user is None or user.n_ratings < self.vector_from:
            return by_words
        return interleave(by_words, by_stars)

    @property
    def _average_user(self) -> HybridUserState:
        nothing = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return self._fold_in(*nothing, None)


def kmf_over(items: Vocabulary, kmf: KMFModel) -> KMFModel:
    """Return the same stars for more items; those without ratings have neither bias nor factors."""
    positions = items.positions(kmf.items.ids)
    biases = np.zeros(len(items), dtype=np.float32)
    factors = np.zeros((len(items), kmf.n_factors), dtype=np.float32)
    biases[positions], factors[positions] = kmf.item_biases, kmf.item_factors
    return replace(kmf, items=items, item_biases=biases, item_factors=factors)
