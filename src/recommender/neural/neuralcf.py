"""Two towers that re-rank the nearest candidates of item2vec: neural collaborative filtering in two stages.

A person is the mean of learnt vectors of what they liked, sent through one tower; an item's own vector goes through the
other; the product of both ends says how well they fit. Trained by a softmax over sampled items (Covington, Adams,
Sargin 2016, RecSys, section 3.1; He et al. 2017, WWW, for the two-sided network). Needs PyTorch to train and nothing
but NumPy to answer: the item tower ends in stored vectors, the user tower is two small matrix products.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from recommender.baselines.bias import BiasModel
from recommender.config import DEVICES, Config, choice, count, fraction, positive, random_seed, star_threshold
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError
from recommender.items.implicit_feedback import (
    ImplicitFeedbackModel,
    positive_interactions,
)
from recommender.neural.item2vec import Item2Vec, Item2VecConfig
from recommender.search_space import LIKED_FROM, Floats, Ints
from recommender.similarity import unit_rows


@dataclass(frozen=True)
class NeuralCFConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_candidates`: how many nearest items the towers re-rank; `n_factors`: length of the learnt vectors and of the
    towers' ends; `n_hidden`: width of a tower; `n_sampled`: items that a liking is compared with; `batch_users`: users
    in a step; `dropout`: part of the liked vectors left out in training; `item2vec_factors`, `item2vec_epochs`: of the
    first stage; `liked_from`: stars from which a rating is a liking; `device`: "cpu", "cuda", or "auto".
    """

    n_candidates: int = count(500)
    n_factors: int = count(64, search=Ints(16, 128, log=True))
    n_hidden: int = count(128, search=Ints(32, 256, log=True))
    n_epochs: int = count(20, search=Ints(5, 40, log=True))
    n_sampled: int = count(2048)
    batch_users: int = count(128)
    learning_rate: float = positive(0.003, search=Floats(0.0005, 0.01, log=True))
    dropout: float = fraction(0.3, search=Floats(0.0, 0.6))
    item2vec_factors: int = count(32, search=Ints(8, 64, log=True))
    item2vec_epochs: int = count(10)
    liked_from: float = star_threshold(3.5, search=LIKED_FROM)
    device: str = choice("auto", DEVICES)
    seed: int = random_seed()


class Towers(NamedTuple):
    """What training gives: f_u = W₂·relu(W₁·m_u + b₁) for the mean m_u of a person's `input_factors`, against f_i.

    `input_factors`: (n_items, k); `hidden_weights`: (h, k), W₁; `hidden_biases`: (h,), b₁; `output_weights`: (k, h),
    W₂; `tower_factors`: (n_items, k), f_i. All float32.
    """

    input_factors: Float32Array
    hidden_weights: Float32Array
    hidden_biases: Float32Array
    output_weights: Float32Array
    tower_factors: Float32Array

    def user_factors(self, liked: Int64Array) -> Float32Array:
        """f_u of someone who liked the items at these positions: (k,) float32, zeros for none."""
        if not liked.size:
            return np.zeros(self.tower_factors.shape[1], dtype=np.float32)
        mean: Float64Array = self.input_factors[liked].mean(axis=0, dtype=np.float64)
        hidden: Float64Array = np.maximum(self.hidden_weights.astype(np.float64) @ mean + self.hidden_biases, 0)
        factors: Float64Array = self.output_weights.astype(np.float64) @ hidden
        return factors.astype(np.float32)


class TowerUserState(NamedTuple):
    """`liked`: item positions; `vector`: their mean by item2vec, of length 1; `factors`: f_u."""

    liked: Int64Array
    vector: Float32Array
    factors: Float32Array


@dataclass(frozen=True, eq=False)
class NeuralCFModel(ImplicitFeedbackModel[TowerUserState]):
    """`item_factors`: (n_items, d) float32, those of item2vec, which choose the candidates; `towers` rank them.

    `liked_indptr`, `liked_indices`: what each user liked.
    """

    kind: ClassVar[str] = "neural-cf"

    users: Vocabulary
    items: Vocabulary
    stars: BiasModel
    item_factors: Float32Array
    liked_indptr: Int64Array
    liked_indices: Int32Array
    towers: Towers
    n_candidates: int
    liked_from: float

    def _taste_at(self, position: int) -> TowerUserState:
        liked = self.liked_indices[self.liked_indptr[position] : self.liked_indptr[position + 1]]
        return self._taste(liked.astype(np.int64))

    def _taste_of(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> TowerUserState:  # noqa: ARG002 - only training cares for order.
        return self._taste(positions[values >= np.float32(self.liked_from)])

    def _taste(self, liked: Int64Array) -> TowerUserState:
        sums: Float64Array = self.item_factors[liked].sum(axis=0, keepdims=True, dtype=np.float64)
        return TowerUserState(liked, unit_rows(sums)[0], self.towers.user_factors(liked))

    def _score_taste(self, taste: TowerUserState) -> Float32Array:
        """1 to 2 for the nearest items that were not liked yet, by the towers; below 0 for others, by nearness."""
        nearness: Float64Array = self.item_factors.astype(np.float64) @ taste.vector.astype(np.float64)
        scores = (nearness - 2).astype(np.float32)
        nearness[taste.liked] = -np.inf
        order = np.argsort(-nearness, kind="stable")
        near = np.sort(order[: min(self.n_candidates, nearness.size - taste.liked.size)])
        fit: Float64Array = self.towers.tower_factors[near].astype(np.float64) @ taste.factors.astype(np.float64)
        scores[near] = 1 + 1 / (1 + np.exp(-np.clip(fit / 8, -30, 30)))
        return scores

    def _item_vectors(self) -> Float32Array:
        return self.item_factors


@dataclass(frozen=True)
class NeuralCF:
    """The estimator: `NeuralCF(config).fit(ratings)` gives a `NeuralCFModel`."""

    config: NeuralCFConfig = NeuralCFConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> NeuralCFModel:
        """Train item2vec, then the towers. ConfigError where PyTorch, or the device asked for, is not there."""
        train_towers = _trainer()
        config = self.config
        near = Item2Vec(
            Item2VecConfig(
                n_factors=config.item2vec_factors,
                n_epochs=config.item2vec_epochs,
                liked_from=config.liked_from,
                seed=config.seed,
            )
        ).fit(ratings)
        liked = positive_interactions(ratings, config.liked_from)

        def model(towers: Towers) -> NeuralCFModel:
            return NeuralCFModel(
                users=ratings.users,
                items=ratings.items,
                stars=near.stars,
                item_factors=near.item_factors,
                liked_indptr=liked.indptr,
                liked_indices=liked.indices,
                towers=towers,
                n_candidates=config.n_candidates,
                liked_from=config.liked_from,
            )

        return model(train_towers(liked, len(ratings.items), config, on_epoch, model))


def _trainer() -> Any:
    try:
        from recommender.neural.towers import train_towers  # noqa: PLC0415 - an optional dependency.
    except ImportError as error:
        raise ConfigError(
            "neural-cf is trained by PyTorch, which is not installed: pip install -r requirements/neural.txt."
        ) from error
    return train_towers
