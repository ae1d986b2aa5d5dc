"""Content-based recommendations: cosines of items' words with the profiles of users.

The profile of u is Σ w_ui v_i over I_u, where v_i is the vector of i (see `tfidf_vectors`), w_ui = r_ui - m_u, and m_u
is the mean of u's ratings, damped towards μ. A rating below the mean has a negative weight. The score of an item is its
cosine with the profile (Lops, de Gemmis, Semeraro 2011, "Content-based Recommender Systems: State of the Art and
Trends", section 3.3: vector space model, and Rocchio's feedback). Stars are μ + b_u + b_i + s n_u / (n_u + d) times
that cosine, with the damping d of the mean and a slope s fitted to held-out ratings.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

import numpy as np

from recommender.arrays import (
    Float32Array,
    Float64Array,
    IdsLike,
    Int32Array,
    Int64Array,
    check_finite,
    check_shape,
)
from recommender.baselines.bias import BiasModel
from recommender.config import Config, checked, not_negative, random_seed
from recommender.contract import OnEpoch
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.splits import random_split
from recommender.data.vocabulary import Vocabulary
from recommender.epochs import report_only_epoch
from recommender.items.implicit_feedback import (
    ImplicitFeedbackModel,
    ImplicitUserState,
    fit_bias_model,
)
from recommender.items.tfidf_vectors import TfidfVectors
from recommender.persistence import stored_as
from recommender.search_space import Floats
from recommender.similarity import ItemCosines
from recommender.topk import TopItems

# The slope is fitted to the ratings of this many users; with fewer ratings than this it stays 0.
_SLOPE_USERS, _LEAST_RATINGS = 5000, 200


@dataclass(frozen=True)
class KeywordsConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `damping`: the number of additional ratings at μ in a user's mean; `rare_words`: the exponent of idf, which
    weights rare words more; 0 gives plain counts; `dislikes`: the weight of ratings below the mean, relative to those
    above.
    """

    damping: float = not_negative(5.0, search=Floats(0.5, 20.0, log=True))
    rare_words: float = not_negative(1.0, search=Floats(0.0, 2.0))
    dislikes: float = checked(1.0, lambda value: 0 <= value <= 1, "from 0 to 1", search=Floats(0.0, 1.0))
    seed: int = random_seed()


class KeywordProfile(NamedTuple):
    """The ratings of a user: `items`, (n,) int32 ascending; `weights`, (n,) float32 w_ui in stars."""

    items: Int32Array
    weights: Float32Array


class WeightingRule(NamedTuple):
    """The rule that turns ratings into weights; see `KeywordsConfig`."""

    damping: float
    dislikes: float

    def weights(self, users: Int32Array, values: Float32Array, *, n_users: int, mean: float) -> Float32Array:
        """Return w_ui of ratings by users at these positions: (n,) float32."""
        counts = np.bincount(users, minlength=n_users)
        sums = np.bincount(users, weights=values, minlength=n_users)
        own_means = (sums + self.damping * mean) / np.maximum(counts + self.damping, 1e-12)
        weights: Float64Array = values - own_means[users]
        return np.where(weights < 0, self.dislikes * weights, weights).astype(np.float32)


@dataclass(frozen=True, eq=False)
class KeywordsModel(ImplicitFeedbackModel[KeywordProfile]):
    """`vectors`: of the items' words; `rated`, `rated_weights`: the profiles of the users, a row each.

    `items` are all rated ones and all of the catalogue, so the model can recommend unrated items.
    """

    kind: ClassVar[str] = "keywords"

    users: Vocabulary
    items: Vocabulary
    stars: BiasModel
    vectors: TfidfVectors = field(metadata=stored_as("soup_"))
    rated: Rows = field(metadata=stored_as("rated_", renamed={"indices": "items"}))
    rated_weights: Float32Array
    rule: WeightingRule
    slope: float

    def __post_init__(self) -> None:
        self.rated.check(n_rows=len(self.users), n_items=len(self.items))
        check_shape(self.rated_weights, self.rated.indices.shape, "rated_weights")
        check_finite(self.rated_weights, "rated_weights")
        check_shape(self.vectors.comparable, (len(self.items),), "vectors")

    def similar_items(self, item_ids: IdsLike, n: int) -> TopItems:
        """Return the `n` items with the most similar words, without itself and those without a common word; padded."""
        found = super().similar_items(item_ids, n)
        similar = found.scores > 0
        nothing = np.float32(np.nan)
        return TopItems(np.where(similar, found.item_ids, -1), np.where(similar, found.scores, nothing))

    def _item_cosines(self) -> ItemCosines:
        return self.vectors

    def _profile_at(self, position: int) -> KeywordProfile:
        own = slice(self.rated.indptr[position], self.rated.indptr[position + 1])
        return KeywordProfile(self.rated.indices[own], self.rated_weights[own])

    def _make_profile(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> KeywordProfile:  # noqa: ARG002 - the model knows no time.
        alone = np.zeros(positions.size, dtype=np.int32)
        weights = self.rule.weights(alone, values, n_users=1, mean=self.stars.global_mean)
        return KeywordProfile(positions.astype(np.int32), weights)

    def _score_profile(self, profile: KeywordProfile) -> Float32Array:
        return self.vectors.to_profile(self._profile(profile))

    def _score_profile_at(self, profile: KeywordProfile, items: Int64Array) -> Float32Array:
        return self.vectors.to_profile_at(self._profile(profile), items)

    def _profile(self, profile: KeywordProfile) -> Float64Array:
        return self.vectors.profile(profile.items.astype(np.int64), profile.weights)

    def _score_users(self, users: Int64Array) -> Float32Array:
        indptr, entries = self.rated.entries(users)
        return self.vectors.to_sums(Rows(indptr, self.rated.indices[entries]), self.rated_weights[entries])

    def stars_from_profiles(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Return the stars that the profiles of users add to the biases, by positions: (n,) float32."""
        counts = self.rated.indptr[users + 1] - self.rated.indptr[users]
        return self._cosines_to_stars(self._score_pairs(users, items), counts)

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return super()._rate_pairs(users, items) + self.stars_from_profiles(users, items)

    def _rate_items(self, user: ImplicitUserState[KeywordProfile]) -> Float32Array:
        counts = np.array([user.profile.items.size])
        return super()._rate_items(user) + self._cosines_to_stars(self._score_profile(user.profile), counts)

    def _cosines_to_stars(self, cosines: Float32Array, counts: Int64Array) -> Float32Array:
        """Convert cosines with the profiles of users with so many ratings to float32 stars."""
        trust = counts / np.maximum(counts + self.rule.damping, 1e-12)
        stars: Float64Array = self.slope * trust * cosines
        return stars.astype(np.float32)


@dataclass(frozen=True)
class Keywords:
    """The estimator: `Keywords(config, catalogue).fit(ratings)` returns a `KeywordsModel`."""

    config: KeywordsConfig
    catalogue: Catalogue

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> KeywordsModel:
        """Compute the profiles of users from all `ratings`: a few passes over them and over the catalogue."""
        model = replace(self._bias_only_model(ratings), slope=self._slope(ratings))
        report_only_epoch(on_epoch, model)
        return model

    def _bias_only_model(self, ratings: Ratings) -> KeywordsModel:
        """Return the model with a slope of 0, whose stars are the biases alone."""
        items = Vocabulary.of(np.concatenate([ratings.items.ids, self.catalogue.items.ids]))
        rule = WeightingRule(self.config.damping, self.config.dislikes)
        places = items.positions(ratings.items.ids).astype(np.int32)
        return KeywordsModel(
            users=ratings.users,
            items=items,
            stars=_stars_over(items, fit_bias_model(ratings)),
            vectors=TfidfVectors.of(self.catalogue.over(items), rare_words=self.config.rare_words),
            rated=Rows(ratings.by_user().indptr, places[ratings.item_positions]),
            rated_weights=rule.weights(
                ratings.user_positions, ratings.values, n_users=len(ratings.users), mean=ratings.global_mean
            ),
            rule=rule,
            slope=0.0,
        )

    def _slope(self, ratings: Ratings) -> float:
        """Return s by least squares on a tenth of the ratings of some users, given the others; 0 if they are few."""
        if len(ratings) < _LEAST_RATINGS:
            return 0.0
        n_users = len(ratings.users)
        drawn = np.zeros(n_users, dtype=np.bool_)
        rng = np.random.default_rng(self.config.seed)
        drawn[rng.choice(n_users, min(n_users, _SLOPE_USERS), replace=False)] = True
        split = random_split(ratings.select(drawn[ratings.user_positions]), test_fraction=0.1, seed=self.config.seed)
        model, test = replace(self._bias_only_model(split.train), slope=1.0), split.test
        users, items = model.positions(test.user_ids, test.item_ids)
        known = np.flatnonzero((users >= 0) & (items >= 0))
        users, items = users[known], items[known]
        errors = (test.values[known] - model.stars.score(model.users.ids[users], model.items.ids[items])).astype(
            np.float64
        )
        effects = model.stars_from_profiles(users, items).astype(np.float64)
        squares = (effects**2).sum()
        return max(float((effects * errors).sum() / squares), 0.0) if squares else 0.0


def _stars_over(items: Vocabulary, stars: BiasModel) -> BiasModel:
    """Return the same stars for more items; unrated ones have no bias."""
    biases = np.zeros(len(items), dtype=np.float32)
    biases[items.positions(stars.items.ids)] = stars.item_biases
    return replace(stars, items=items, item_biases=biases)
