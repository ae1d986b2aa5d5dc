"""Neural collaborative filtering in two stages: two towers re-rank the nearest candidates of item2vec.

The user tower takes the mean vector of the items that a user liked, the item tower the vector of an item, and the
product of their outputs is the score. Training uses a softmax over sampled items (Covington, Adams, Sargin 2016,
RecSys, section 3.1; He et al. 2017, WWW, for the two-sided network). Training needs PyTorch, and a trained model needs
NumPy alone: the outputs of the item tower are stored, and the user tower is two small matrix products.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from recommender.baselines.bias import BiasModel
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError
from recommender.items.implicit_feedback import (
    ImplicitFeedbackModel,
    positive_interactions,
)
from recommender.neural.item2vec import Item2Vec, Item2VecConfig
from recommender.neural.neuralcf_config import NeuralCFConfig
from recommender.neural.tower_arrays import Towers
from recommender.similarity import unit_rows


class TowerUserState(NamedTuple):
    """`liked`: item positions; `vector`: their mean by item2vec, of length 1; `factors`: f_u."""

    liked: Int64Array
    vector: Float32Array
    factors: Float32Array


@dataclass(frozen=True, eq=False)
class NeuralCFModel(ImplicitFeedbackModel[TowerUserState]):
    """`item_factors`: (n_items, d) float32, those of item2vec, which choose the candidates; `towers` rank them.

    `liked_indptr`, `liked_indices`: the positive interactions of each user.
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

    def _profile_at(self, position: int) -> TowerUserState:
        liked = self.liked_indices[self.liked_indptr[position] : self.liked_indptr[position + 1]]
        return self._tower_state(liked.astype(np.int64))

    def _make_profile(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> TowerUserState:  # noqa: ARG002 - only training cares for order.
        return self._tower_state(positions[values >= np.float32(self.liked_from)])

    def _tower_state(self, liked: Int64Array) -> TowerUserState:
        sums: Float64Array = self.item_factors[liked].sum(axis=0, keepdims=True, dtype=np.float64)
        return TowerUserState(liked, unit_rows(sums)[0], self.towers.user_factors(liked))

    def _score_profile(self, profile: TowerUserState) -> Float32Array:
        """Return 1 to 2 for the nearest items without interaction, by the towers, and below 0 for others, by cosine."""
        nearness: Float64Array = self.item_factors.astype(np.float64) @ profile.vector.astype(np.float64)
        scores = (nearness - 2).astype(np.float32)
        nearness[profile.liked] = -np.inf
        order = np.argsort(-nearness, kind="stable")
        near = np.sort(order[: min(self.n_candidates, nearness.size - profile.liked.size)])
        fit: Float64Array = self.towers.tower_factors[near].astype(np.float64) @ profile.factors.astype(np.float64)
        scores[near] = 1 + 1 / (1 + np.exp(-np.clip(fit / 8, -30, 30)))
        return scores

    def _item_vectors(self) -> Float32Array:
        return self.item_factors


@dataclass(frozen=True)
class NeuralCF:
    """The estimator: `NeuralCF(config).fit(ratings)` returns a `NeuralCFModel`."""

    config: NeuralCFConfig = field(default=NeuralCFConfig())

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> NeuralCFModel:
        """Train item2vec, then the towers. ConfigError if PyTorch or the device is not available."""
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
