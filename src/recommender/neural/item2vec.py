"""item2vec: items that users like one after another get similar vectors.

Skip-gram with negative sampling on each user's positive interactions in the order of time (Barkan, Koenigstein 2016,
MLSP, eq. 3, with the window of word2vec in place of whole sets). A user is the mean vector of these items.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int64Array
from recommender.baselines.bias import BiasModel
from recommender.config import Config, count, positive, random_seed, star_threshold
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.epochs import each_epoch
from recommender.items.implicit_feedback import FactorFeedbackModel, fit_bias_model
from recommender.search_space import LIKED_FROM, Floats, Ints
from recommender.similarity import unit_rows


@dataclass(frozen=True)
class Item2VecConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `n_factors`: length of the vectors; `window`: the largest distance of neighbours in a sequence; `n_negatives`: items
    drawn against each neighbour; `learning_rate`: at the start, falling linearly to a hundredth; `liked_from`: stars
    from which a rating is positive.
    """

    n_factors: int = count(10, search=Ints(8, 128, log=True))
    n_epochs: int = count(10, search=Ints(5, 60, log=True))
    window: int = count(5, search=Ints(2, 20, log=True))
    n_negatives: int = count(5, search=Ints(2, 20, log=True))
    learning_rate: float = positive(0.025, search=Floats(0.005, 0.1, log=True))
    liked_from: float = star_threshold(3.5, search=LIKED_FROM)
    seed: int = random_seed()


@dataclass(frozen=True, eq=False)
class Item2VecModel(FactorFeedbackModel):
    """`item_factors`: (n_items, k) float32 of length 1, or 0 for items without interactions; `user_factors`: (n_users,
    k).

    The state of a user is the mean vector of the items that they liked; the score is its cosine with an item's.
    """

    kind: ClassVar[str] = "item2vec"

    liked_from: float

    def _make_profile(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> Float32Array:  # noqa: ARG002 - only training cares for order.
        liked = self.item_factors[positions[values >= np.float32(self.liked_from)]]
        sums: Float64Array = liked.sum(axis=0, keepdims=True, dtype=np.float64)
        profile: Float32Array = unit_rows(sums)[0]
        return profile


@dataclass(frozen=True)
class Item2Vec:
    """The estimator: `Item2Vec(config).fit(ratings)` returns an `Item2VecModel`."""

    config: Item2VecConfig = Item2VecConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> Item2VecModel:
        """Train on the positive interactions in the order of time, or of ids if times are unknown or equal.

        Costs n_epochs · n_liked · window · (n_negatives + 1) · k multiplications on one core.
        """
        from recommender.kernels.skipgram import Sampling, noise_table, run_skipgram_epoch  # noqa: PLC0415 - numba.

        config, sequences = self.config, positive_sequences(ratings, self.config.liked_from)
        stars, n_items = fit_bias_model(ratings), len(ratings.items)
        rng = np.random.default_rng(config.seed)
        vectors = (
            ((rng.random((n_items, config.n_factors)) - 0.5) / config.n_factors).astype(np.float32),
            np.zeros((n_items, config.n_factors), dtype=np.float32),
        )
        counts = np.bincount(sequences.indices, minlength=n_items)
        noise = noise_table(counts if counts.any() else counts + 1)
        state, sampling = np.uint64(config.seed), Sampling(config.window, config.n_negatives, noise)

        def model() -> Item2VecModel:
            return self._model(ratings, stars, sequences, vectors[0])

        for done in each_epoch(config.n_epochs, on_epoch, model):
            rate = np.float32(config.learning_rate * max(1 - (done - 1) / config.n_epochs, 0.01))
            state = run_skipgram_epoch(sequences, sampling, vectors, rate, np.uint64(state))
        return model()

    def _model(self, ratings: Ratings, stars: BiasModel, sequences: Rows, vectors: Float32Array) -> Item2VecModel:
        liked = np.bincount(sequences.indices, minlength=len(ratings.items)) > 0
        item_factors = unit_rows(vectors) * liked[:, None].astype(np.float32)
        sums = np.zeros((len(ratings.users), self.config.n_factors))
        users = np.repeat(np.arange(sequences.n_rows), np.diff(sequences.indptr))
        # Ascending items, as in a fold-in, so that sums are rounded the same way.
        order = np.lexsort((sequences.indices, users))
        np.add.at(sums, users[order], item_factors[sequences.indices[order]].astype(np.float64))
        return Item2VecModel(
            users=ratings.users,
            items=ratings.items,
            stars=stars,
            user_factors=unit_rows(sums),
            item_factors=item_factors,
            liked_from=self.config.liked_from,
        )


def positive_sequences(ratings: Ratings, liked_from: float) -> Rows:
    """Return the positive interactions of each user in the order of time, then of ids: rows that need not ascend."""
    liked = np.flatnonzero(ratings.values >= np.float32(liked_from))
    users = ratings.user_positions[liked]
    if ratings.times is not None:
        liked = liked[np.lexsort((ratings.times[liked], users))]
    return Rows.of_sorted(users, ratings.item_positions[liked], n_rows=len(ratings.users))
