"""EASE: a linear model from a user's positive interactions to all items, in closed form.

X is the binary matrix of positive interactions. The weights B minimise ‖X - XB‖² + λ‖B‖² subject to diag(B) = 0; with
P = (XᵀX + λI)⁻¹ they are B_ij = -P_ij / P_jj for i ≠ j (Steck 2019, WWW, "Embarrassingly Shallow Autoencoders for
Sparse Data", eq. 8).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from recommender.baselines.bias import BiasModel
from recommender.config import Config, count, positive, random_seed, star_threshold
from recommender.contract import OnEpoch
from recommender.data.ratings import Ratings
from recommender.data.rows import Rows
from recommender.data.vocabulary import Vocabulary
from recommender.epochs import report_only_epoch
from recommender.items.implicit_feedback import (
    ImplicitFeedbackModel,
    fit_bias_model,
    positive_interactions,
)
from recommender.search_space import LIKED_FROM, Floats

# Items beyond the cap rank after all others, by popularity: this is far below any sum of weights.
_BEYOND = -1000.0
# The dense product of interactions takes this many users at a time.
_BLOCK_USERS = 2048
# The number of rows of weights that are scaled at a time.
_BLOCK_ITEMS = 256
# A multiplication in a dense product costs this much less than one in a sparse product.
_DENSE_GAIN = 100


@dataclass(frozen=True)
class EASEConfig(Config):
    """Hyper-parameters; ConfigError for a value outside its range.

    `regularisation`: λ; `liked_from`: stars from which a rating is positive; `max_items`: the number of most popular
    items with weights; the others rank after them by popularity. Training needs 16 · max_items² bytes, the model 4.
    """

    regularisation: float = positive(500.0, search=Floats(20.0, 5000.0, log=True))
    liked_from: float = star_threshold(3.5, search=LIKED_FROM)
    max_items: int = count(8000)
    seed: int = random_seed()


@dataclass(frozen=True, eq=False)
class EASEModel(ImplicitFeedbackModel[Int64Array]):
    """`weights`: (m, m) float32, B of the m items in `weighted`, (m,) int32 ascending item positions.

    `item_likings`: (n_items,) float32, the positive interactions of each; `liked_indptr`, `liked_indices`: the items of
    each user. The profile of a user is the positions of these items.
    """

    kind: ClassVar[str] = "ease"

    users: Vocabulary
    items: Vocabulary
    stars: BiasModel
    weights: Float32Array
    weighted: Int32Array
    item_likings: Float32Array
    liked_indptr: Int64Array
    liked_indices: Int32Array
    liked_from: float

    def _profile_at(self, position: int) -> Int64Array:
        liked = self.liked_indices[self.liked_indptr[position] : self.liked_indptr[position + 1]]
        return liked.astype(np.int64)

    def _make_profile(self, positions: Int64Array, values: Float32Array, times: Int64Array | None) -> Int64Array:  # noqa: ARG002 - the model knows no time.
        return positions[values >= np.float32(self.liked_from)]

    def _score_profile(self, profile: Int64Array) -> Float32Array:
        known = np.searchsorted(self.weighted, profile)
        known = known[self.weighted[np.minimum(known, self.weighted.size - 1)] == profile]
        sums: Float64Array = self.weights[known].sum(axis=0, dtype=np.float64)
        scores: Float32Array = self._everywhere(sums[None, :])[0]
        return scores

    def _score_users(self, users: Int64Array) -> Float32Array:
        from scipy.sparse import csr_array  # noqa: PLC0415 - requests for one user do without.

        liked = Rows(self.liked_indptr, self.liked_indices).take(users)
        shape = (users.size, len(self.items))
        interactions = csr_array((np.ones(liked.indices.size), liked.indices, liked.indptr), shape=shape)
        return self._everywhere(interactions[:, self.weighted] @ self.weights.astype(np.float64, copy=False))

    def _everywhere(self, scores: Float64Array) -> Float32Array:
        """Return the scores of the weighted items, (b, m), as scores of all: (b, n_items) float32."""
        if self.weighted.size == len(self.items):
            return scores.astype(np.float32)
        most = max(float(self.item_likings.max()), 1.0)
        everywhere = np.empty((len(scores), len(self.items)), dtype=np.float32)
        everywhere[:] = _BEYOND + self.item_likings / most
        everywhere[:, self.weighted] = scores
        return everywhere

    def _item_vectors(self) -> Float32Array:
        """Return the weights into each item, which are similar for items that are liked with the same others."""
        vectors = np.zeros((len(self.items), self.weighted.size), dtype=np.float32)
        vectors[self.weighted] = self.weights.T
        return vectors


@dataclass(frozen=True)
class EASE:
    """The estimator: `EASE(config).fit(ratings)` returns an `EASEModel`."""

    config: EASEConfig = EASEConfig()

    def fit(self, ratings: Ratings, on_epoch: OnEpoch | None = None) -> EASEModel:
        """Solve for the weights: m³ operations for m items, after the product of the interactions with themselves."""
        rows = positive_interactions(ratings, self.config.liked_from)
        counts = np.bincount(rows.indices, minlength=len(ratings.items))
        order = np.argsort(-counts, kind="stable")
        weighted = np.sort(order[: self.config.max_items]).astype(np.int32)
        model = EASEModel(
            users=ratings.users,
            items=ratings.items,
            stars=fit_bias_model(ratings),
            weights=ease_weights(item_gram_matrix(rows, weighted, len(ratings.items)), self.config.regularisation),
            weighted=weighted,
            item_likings=counts.astype(np.float32),
            liked_indptr=rows.indptr,
            liked_indices=rows.indices,
            liked_from=self.config.liked_from,
        )
        report_only_epoch(on_epoch, model)
        return model


def item_gram_matrix(rows: Rows, weighted: Int32Array, n_items: int) -> Float64Array:
    """Return XᵀX over the items in `weighted`: (m, m) float64, users who liked both; dense unless sparse costs less."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - only training needs it.

    ones = np.ones(rows.indices.size, dtype=np.float32)
    interactions = csr_array((ones, rows.indices, rows.indptr), shape=(rows.n_rows, n_items))[:, weighted]
    lengths = np.diff(interactions.indptr).astype(np.float64)
    if (lengths**2).sum() * _DENSE_GAIN < float(rows.n_rows) * weighted.size**2:
        gram: Float64Array = (interactions.T @ interactions).toarray().astype(np.float64)
        return gram
    gram = np.zeros((weighted.size, weighted.size))
    for start in range(0, rows.n_rows, _BLOCK_USERS):
        block = interactions[start : start + _BLOCK_USERS].toarray()
        gram += block.T @ block
    return gram


def ease_weights(gram: Float64Array, regularisation: float) -> Float32Array:
    """Return B from XᵀX, which is overwritten: (m, m) float32 (Steck 2019, eq. 8)."""
    from scipy.linalg import lapack  # noqa: PLC0415 - only training needs it.
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    gram.flat[:: gram.shape[0] + 1] += regularisation
    # The matrix is symmetric and positive definite, so this takes half the work of a general inverse, in place. On
    # busy cores several BLAS threads take many times as long as one.
    with threadpool_limits(1, user_api="blas"):
        factor, _ = lapack.dpotrf(gram.T, lower=1, overwrite_a=1)
        inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    return _weights_of_inverse(inverse.T)


def _weights_of_inverse(upper: Float64Array) -> Float32Array:
    """Return B from the upper triangle of P: (m, m) float32."""
    m, scale = len(upper), -1 / np.diag(upper)
    weights = np.empty((m, m), dtype=np.float32)
    for start in range(0, m, _BLOCK_ITEMS):
        stop = min(start + _BLOCK_ITEMS, m)
        corner = np.triu(upper[start:stop, start:stop], 1)
        weights[start:stop, :start] = upper[:start, start:stop].T * scale[:start]
        weights[start:stop, start:stop] = (corner + corner.T) * scale[start:stop]
        weights[start:stop, stop:] = upper[start:stop, stop:] * scale[stop:]
    return weights
