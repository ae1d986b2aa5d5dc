"""Films about the same: cosines of keyword soups, and of people's tastes, which are sums of what they rated.

The profile of u is the sum over I_u of w_ui v_i, v_i being the soup of i and w_ui = r_ui - m_u, where m_u is the mean
of u's ratings damped towards μ; so what somebody rated below their own mean leads away from its words. The score of an
item is its cosine with the profile (Lops, de Gemmis, Semeraro 2011, "Content-based Recommender Systems: State of the
Art and Trends", section 3.3: vector space model, and Rocchio's feedback). Stars are μ + b_u + b_i + s n_u / (n_u + d)
times that cosine, with the damping d of the mean and a slope s fitted to ratings that were held out.
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

# The slope is learnt from the ratings of so many users; from fewer ratings than these it is not learnt.
_SLOPE_USERS, _LEAST_RATINGS = 5000, 200


@dataclass(frozen=True)
class KeywordsConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `damping`: ratings' worth of μ in a person's mean; `rare_words`: how much more a word weighs the fewer items have
    it, as the exponent of idf: at 0 a soup is plain counts; `dislikes`: what ratings below the mean weigh, relative to
    those above.
    """

    damping: float = not_negative(5.0, search=Floats(0.5, 20.0, log=True))
    rare_words: float = not_negative(1.0, search=Floats(0.0, 2.0))
    dislikes: float = checked(1.0, lambda value: 0 <= value <= 1, "from 0 to 1", search=Floats(0.0, 1.0))
    seed: int = random_seed()


class KeywordProfile(NamedTuple):
    """What somebody rated: `items`, (n,) int32 ascending; `weights`, (n,) float32 w_ui in stars."""

    items: Int32Array
    weights: Float32Array


class TasteRule(NamedTuple):
    """How ratings become weights; see `KeywordsConfig`."""

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
    """`soup`: what each item is about; `rated`, `rated_weights`: the tastes of the users, a row each.

    `items` are all that were rated and all of the catalogue, so that what nobody has rated can be recommended.
    """

    kind: ClassVar[str] = "keywords"

    users: Vocabulary
    items: Vocabulary
    stars: BiasModel
    soup: TfidfVectors = field(metadata=stored_as("soup_"))
    rated: Rows = field(metadata=stored_as("rated_", renamed={"indices": "items"}))
    rated_weights: Float32Array
    rule: TasteRule
    slope: float

    def __post_init__(self) -> None:
        self.rated.check(n_rows=len(self.users), n_items=len(self.items))
        check_shape(self.rated_weights, self.rated.indices.shape, "rated_weights")
        check_finite(self.rated_weights, "rated_weights")
        check_shape(self.soup.comparable, (len(self.items),), "soup")

    def similar_items(self, item_ids: IdsLike, n: int) -> TopItems:
        """Return the `n` items with the most alike soups, itself and those without a common word excluded; padded."""
        found = super().similar_items(item_ids, n)
        alike = found.scores > 0
        nothing = np.float32(np.nan)
        return TopItems(np.where(alike, found.item_ids, -1), np.where(alike, found.scores, nothing))

    def _item_cosines(self) -> ItemCosines:
        return self.soup

    def _profile_at(self, position: int) -> KeywordProfile:
        own = slice(self.rated.indptr[position], self.rated.indptr[position + 1])
        return KeywordProfile(self.rated.indices[own], self.rated_weights[own])

    def _make_profile(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> KeywordProfile:  # noqa: ARG002 - the model knows no time.
        alone = np.zeros(positions.size, dtype=np.int32)
        weights = self.rule.weights(alone, values, n_users=1, mean=self.stars.global_mean)
        return KeywordProfile(positions.astype(np.int32), weights)

    def _score_profile(self, taste: KeywordProfile) -> Float32Array:
        return self.soup.to_profile(self._profile(taste))

    def _score_profile_at(self, taste: KeywordProfile, items: Int64Array) -> Float32Array:
        return self.soup.to_profile_at(self._profile(taste), items)

    def _profile(self, taste: KeywordProfile) -> Float64Array:
        return self.soup.profile(taste.items.astype(np.int64), taste.weights)

    def _score_users(self, users: Int64Array) -> Float32Array:
        indptr, entries = self.rated.entries(users)
        return self.soup.to_sums(Rows(indptr, self.rated.indices[entries]), self.rated_weights[entries])

    def stars_of_taste(self, users: Int64Array, items: Int64Array) -> Float32Array:
        """Return how many stars more than their biases the tastes of users let expect, by positions: (n,) float32."""
        counts = self.rated.indptr[users + 1] - self.rated.indptr[users]
        return self._cosines_to_stars(self._score_pairs(users, items), counts)

    def _rate_pairs(self, users: Int64Array, items: Int64Array) -> Float32Array:
        return super()._rate_pairs(users, items) + self.stars_of_taste(users, items)

    def _rate_items(self, user: ImplicitUserState[KeywordProfile]) -> Float32Array:
        counts = np.array([user.taste.items.size])
        return super()._rate_items(user) + self._cosines_to_stars(self._score_profile(user.taste), counts)

    def _cosines_to_stars(self, cosines: Float32Array, counts: Int64Array) -> Float32Array:
        """Convert cosines with the profiles of users with so many ratings to float32 stars."""
        trust = counts / np.maximum(counts + self.rule.damping, 1e-12)
        stars: Float64Array = self.slope * trust * cosines
        return stars.astype(np.float32)


@dataclass(frozen=True)
class Keywords:
    """The estimator: `Keywords(config, catalogue).fit(ratings)` gives a `KeywordsModel`."""

    config: KeywordsConfig
    catalogue: Catalogue

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> KeywordsModel:
        """Compute the profiles of users from all `ratings`: a few passes over them and over the catalogue."""
        model = replace(self._bias_only_model(ratings), slope=self._slope(ratings))
        report_only_epoch(on_epoch, model)
        return model

    def _bias_only_model(self, ratings: Ratings) -> KeywordsModel:
        """Return the model whose stars are still the biases alone."""
        items = Vocabulary.of(np.concatenate([ratings.items.ids, self.catalogue.items.ids]))
        rule = TasteRule(self.config.damping, self.config.dislikes)
        places = items.positions(ratings.items.ids).astype(np.int32)
        return KeywordsModel(
            users=ratings.users,
            items=items,
            stars=_stars_over(items, fit_bias_model(ratings)),
            soup=TfidfVectors.of(self.catalogue.over(items), rare_words=self.config.rare_words),
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
        model, asked = replace(self._bias_only_model(split.train), slope=1.0), split.test
        users, items = model.positions(asked.user_ids, asked.item_ids)
        known = np.flatnonzero((users >= 0) & (items >= 0))
        users, items = users[known], items[known]
        errors = (asked.values[known] - model.stars.score(model.users.ids[users], model.items.ids[items])).astype(
            np.float64
        )
        effects = model.stars_of_taste(users, items).astype(np.float64)
        squares = (effects**2).sum()
        return max(float((effects * errors).sum() / squares), 0.0) if squares else 0.0


def _stars_over(items: Vocabulary, stars: BiasModel) -> BiasModel:
    """Return the same stars for more items: those that nobody has rated have no bias."""
    biases = np.zeros(len(items), dtype=np.float32)
    biases[items.positions(stars.items.ids)] = stars.item_biases
    return replace(stars, items=items, item_biases=biases)
