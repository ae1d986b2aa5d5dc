"""Exact top-k items of many users at once, in bounded memory.

A block of users times a tile of items is one float32 matrix product that stays in the cache. A fused kernel masks rated
items and keeps the best ones (see `kernels.topk`, also for why block sizes never change the result). Blocks run on
threads, one BLAS thread each. Items with high scores for most users come first, so few of the later ones enter a list.
A user leaves the block when the lengths of the vectors show that no later item can enter their list.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recommender.arrays import (
    BoolArray,
    Float32Array,
    Float64Array,
    Int32Array,
    Int64Array,
    check_finite,
    check_shape,
    readonly_view,
)
from recommender.data.rows import Rows
from recommender.errors import ConfigError, DataError
from recommender.factors.candidate_tiles import CandidateTiles, Tile, norms
from recommender.factors.factorisation import Factorisation
from recommender.factors.foldin import UserParameters
from recommender.threads import cores, map_in_order
from recommender.topk import RecommendationBatch, check_candidates

if TYPE_CHECKING:
    from recommender.kernels import topk

# The error of a float32 dot product of k terms is at most k · 2⁻²⁴ · ‖p‖‖q‖, to first order (Higham, "Accuracy and
# Stability of Numerical Algorithms", eq. 3.5). Twice that covers the higher orders; the extra roundings are those of
# adding the biases and of rounding exact scores and thresholds to float32.
_ROUNDING = 2.0**-23
_EXTRA_ROUNDINGS = 8
_UNDERFLOW = 1e-30
# Users with complete lists leave a block when fewer than this share of users is left, because copying costs time, too.
_WORTH_LEAVING_OUT = 15 / 16
_TILES_PER_LOOK = 4
_SAMPLE = 1024


class UserBatch(NamedTuple):
    """Parameters of b users. `biases`: (b,) float32; `factors`: (b, k) float32."""

    biases: Float32Array
    factors: Float32Array

    @classmethod
    def of(cls, parameters: Sequence[UserParameters]) -> "UserBatch":
        """Return the block of users that were folded in one by one, in order; DataError for none."""
        if not parameters:
            raise DataError("There are no users to score: give at least one.")
        biases = np.array([user.bias for user in parameters], dtype=np.float32)
        return cls(biases, np.stack([user.factors for user in parameters]))


class _Factors(NamedTuple):
    global_mean: float
    user_biases: Float32Array
    item_biases: Float32Array
    user_factors: Float32Array
    item_factors: Float32Array


@dataclass(frozen=True)
class _Request:
    model: Factorisation
    users: Int64Array | UserBatch
    n: int
    exclude: Rows
    tiles: CandidateTiles
    item_norm: float

    @property
    def n_users(self) -> int:
        return _count(self.users)


def batch_topk(
    model: Factorisation,
    users: Int64Array | UserBatch,
    *,
    n: int,
    exclude: Rows | None = None,
    candidates: BoolArray | None = None,
    block_users: int = 1024,
    block_items: int = 512,
    n_threads: int | None = None,
) -> Iterator[RecommendationBatch]:
    """Yield the `n` best items of each user, block by block in the order of `users`.

    `users`: (m,) user positions of the model, or the parameters of m folded-in users; `exclude`: m rows of item
    positions never to suggest; `candidates`: (n_items,) bool, the only items to suggest; `block_users`, `block_items`:
    the size of a block, which changes memory and speed, never a list; `n_threads`: by default, one per core.

    Items rank by score, descending, then position; scores are μ + b_u + b_i + q_i·p_u in float64, rounded to float32,
    not clipped. A user with fewer than `n` items left gets those. Raises ConfigError for sizes below 1, DataError for
    arrays that do not fit the model. Nothing is computed before iteration; memory stays near n_threads · block_users ·
    (4·block_items + 32·n) bytes besides the model, `exclude` and the results that the caller keeps. While it runs, BLAS
    uses one thread in the whole process.
    """
    threads = cores() if n_threads is None else n_threads
    for name, size in (("n", n), ("block_users", block_users), ("block_items", block_items), ("n_threads", threads)):
        if size < 1:
            raise ConfigError(f"{name} is {size}: it must be at least 1.")
    allowed = check_candidates(candidates, model.item_biases.size)
    request = _Request(
        model=model,
        users=_check_users(model, users),
        n=n,
        exclude=Rows.empty(n_rows=_count(users)) if exclude is None else exclude,
        tiles=CandidateTiles.of(model, allowed, _usual_norm(model, users), block_items),
        item_norm=float(norms(model.item_factors).max()),
    )
    request.exclude.check(n_rows=request.n_users, n_items=model.item_biases.size)

    def block(start: int) -> RecommendationBatch:
        return _block(request, start, min(start + block_users, request.n_users))

    return map_in_order(block, range(0, request.n_users, block_users), threads)


def prepare_topk() -> None:
    """Load the compiled kernels of `batch_topk`, which takes most of a second, before their first use."""
    bias, factors = np.zeros(1, dtype=np.float32), np.zeros((1, 1), dtype=np.float32)
    model = _Factors(0.0, bias, bias, factors, factors)
    deque(batch_topk(model, np.zeros(1, dtype=np.int64), n=1, n_threads=1), maxlen=0)


def _check_users(model: Factorisation, users: Int64Array | UserBatch) -> Int64Array | UserBatch:
    if isinstance(users, UserBatch):
        check_shape(users.factors, (users.biases.size, model.item_factors.shape[1]), "factors")
        check_finite(users.biases, "biases")
        check_finite(users.factors, "factors")
    elif users.size and not 0 <= users.min() <= users.max() < model.user_biases.size:
        last = model.user_biases.size - 1
        raise DataError(f"User positions must lie in 0…{last}: leave out users unknown to the model.")
    return users


def _count(users: Int64Array | UserBatch) -> int:
    return int(users.biases.size if isinstance(users, UserBatch) else users.size)


def _parameters(model: Factorisation, users: Int64Array | UserBatch, chosen: slice) -> UserBatch:
    """Return the parameters of some of `users`."""
    if isinstance(users, UserBatch):
        return UserBatch(users.biases[chosen], users.factors[chosen])
    return UserBatch(model.user_biases[users[chosen]], model.user_factors[users[chosen]])


def _usual_norm(model: Factorisation, users: Int64Array | UserBatch) -> float:
    """Return the mean ‖p_u‖ of a sample, which affects only speed."""
    n_users = _count(users)
    if not n_users:
        return 0.0
    return float(norms(_parameters(model, users, slice(0, n_users, -(-n_users // _SAMPLE))).factors).mean())


def _block(request: _Request, start: int, stop: int) -> RecommendationBatch:
    from recommender.kernels import topk  # noqa: PLC0415 - numba takes half a second that web processes need not pay.

    block = topk.Block(*_kernel_arrays(request, start, stop))
    state = topk.top_state(block, min(request.n, request.tiles.order.size))
    buffer = np.empty((stop - start) * max((len(tile.factors) for tile in request.tiles.tiles), default=0), np.float32)
    for rows, factors, tile in _select_tiles(request.tiles, block, state):
        products = buffer[: rows.size * len(tile.factors)].reshape(rows.size, len(tile.factors))
        np.matmul(factors, tile.factors.T, out=products)
        topk.topk_update(block, rows, products, tile.first, state)
    items = np.full((stop - start, request.n), -1, dtype=np.int32)
    scores = np.full((stop - start, request.n), np.nan, dtype=np.float32)
    topk.topk_finish(block, state, items, scores)
    return RecommendationBatch(start, items, scores)


def _select_tiles(
    tiles: CandidateTiles, block: "topk.Block", state: "topk.TopState"
) -> Iterator[tuple[Int64Array, Float32Array, Tile]]:
    """Yield each tile with the rows of the users whose lists it may still change, and their factors."""
    rows, factors = np.arange(block.offsets.size), block.factors
    user_norms = norms(factors)
    for number, tile in enumerate(tiles.tiles):
        if number % _TILES_PER_LOOK == 0:
            needed = tiles.bounds(tile, user_norms[rows]) + block.errors[rows] >= state.floors[rows]
            n_needed = np.count_nonzero(needed)
            if not n_needed:
                return
            if n_needed < _WORTH_LEAVING_OUT * rows.size:
                rows, factors = rows[needed], factors[needed]
        yield rows, factors, tile


def _kernel_arrays(
    request: _Request, start: int, stop: int
) -> tuple[
    Float64Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Int32Array,
    Float32Array,
    Int64Array,
    Int64Array,
]:
    """Return the fields of `kernels.topk.Block`, which cannot be imported here without numba."""
    model, tiles = request.model, request.tiles
    biases, factors = _parameters(model, request.users, slice(start, stop))
    offsets = model.global_mean + biases.astype(np.float64)
    largest = np.abs(offsets) + np.abs(model.item_biases).max() + norms(factors) * request.item_norm
    rated = request.exclude.slice(start, stop)
    return (
        offsets,
        np.ascontiguousarray(factors, dtype=np.float32),
        ((model.item_factors.shape[1] + _EXTRA_ROUNDINGS) * _ROUNDING * largest + _UNDERFLOW).astype(np.float32),
        readonly_view(model.item_biases),
        readonly_view(model.item_factors),
        tiles.order,
        tiles.biases,
        rated.indptr,
        tiles.ranks_of(rated),
    )
