"""Metrics of predicted stars and of recommendation lists: accuracy, coverage, novelty and diversity.

The accuracy of lists is computed from `hits`, (m, k) bool: one row per list, best item first, true for relevant items.
Ranks count from 0.
"""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import BoolArray, Float64Array, IdsLike, Int32Array, Int64Array, ValuesLike, check_ids
from recommender.config import require_count
from recommender.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LIST_LENGTH = 10
"""The default k of metrics of lists."""
# How many items are compared with all others at a time.
_BLOCK_ITEMS = 256


def rmse(actual: ValuesLike, predicted: ValuesLike) -> float:
    """Return the root mean squared error in stars. `actual` and `predicted` are (n,), n ≥ 1, and finite, otherwise
    DataError.
    """
    errors = _errors(actual, predicted)
    return float(np.sqrt(np.mean(errors * errors)))


def mae(actual: ValuesLike, predicted: ValuesLike) -> float:
    """Return the mean absolute error in stars, of arrays as in `rmse`."""
    return float(np.mean(np.abs(_errors(actual, predicted))))


def hits_of_ranks(ranks: IdsLike, k: int) -> BoolArray:
    """Return the hits (m, k) of lists with one relevant item each, at `ranks` (m,).

    A rank of `k` or more is a miss. ConfigError for a `k` below 1, DataError for a rank below 0.
    """
    require_count("k", k)
    checked = check_ids(ranks, "ranks")
    if (checked < 0).any():
        raise DataError(f"A rank is {checked.min()}: ranks count from 0.")
    hits: BoolArray = checked[:, None] == np.arange(k)
    return hits


def hit_rate(hits: BoolArray) -> float:
    """Return HR@k: the share of lists with at least one hit; 0 without lists."""
    return float(hits.any(axis=1).mean()) if len(hits) else 0.0


def reciprocal_ranks(hits: BoolArray) -> Float64Array:
    """Return 1 / (rank + 1) of the first hit of each list; 0 without a hit (Voorhees 1999, TREC-8, 77-82)."""
    return np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1.0), 0.0)


def ndcgs(hits: BoolArray, n_relevant: IdsLike) -> Float64Array:
    """Return NDCG@k of each list with `n_relevant` (m,) relevant items of gain 1: (m,) float64, NaN for none.

    DCG is the sum of 1 / log₂(rank + 2) over all hits of a list; NDCG divides it by the DCG of the ideal list
    (Järvelin, Kekäläinen 2002, ACM TOIS 20(4), section 2.2, with the discount of Burges et al. 2005, ICML).
    """
    k = hits.shape[1]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[np.nan], np.cumsum(discounts)])
    ndcg: Float64Array = (hits @ discounts) / ideal[np.minimum(check_ids(n_relevant, "n_relevant"), k)]
    return ndcg


def ranking_metrics(ranks: IdsLike, *, k: int = LIST_LENGTH) -> dict[str, float]:
    """Return `hr@k`, `ndcg@k` and `mrr@k` of lists with one relevant item each, at `ranks` (m,)."""
    hits = hits_of_ranks(ranks, k)
    return {
        f"hr@{k}": hit_rate(hits),
        f"ndcg@{k}": float(ndcgs(hits, np.ones(len(hits), dtype=np.int64)).mean()),
        f"mrr@{k}": float(reciprocal_ranks(hits).mean()),
    }


def catalogue_coverage(lists: Int32Array | Int64Array, n_items: int) -> float:
    """Return the share of `n_items` in any list (Ge et al. 2010). `lists`: (m, k) positions, padded with -1."""
    return float(np.unique(lists[lists >= 0]).size / n_items)


def novelty(lists: Int32Array | Int64Array, n_raters: IdsLike, n_users: int) -> float:
    """Return the mean self-information of recommended items in bits, -log₂(n_raters / n_users) (Zhou et al. 2010, PNAS
    107(10)).

    `lists`: (m, k) item positions padded with -1; `n_raters`: (n_items,), how many of `n_users` rated each item, taken
    as at least 1. NaN if nothing is recommended.
    """
    raters = np.maximum(check_ids(n_raters, "n_raters"), 1)
    surprise = -np.log2(raters / n_users)[lists[lists >= 0]]
    return float(surprise.mean()) if surprise.size else float("nan")


def intra_list_diversity(lists: Int32Array | Int64Array, vectors: "csr_array") -> float:
    """Return 1 - the mean cosine of two items of a list, averaged over lists (Smyth and McClave 2001; Ziegler et al.
    2005).

    `lists`: (m, k) item positions padded with -1; lists of fewer than two items are left out, NaN if none remains.
    `vectors`: (n_items, d) item features, 0 or more; a zero vector is similar to no item. Memory is bounded: the
    cosines of all pairs are computed in blocks.
    """
    first, second, list_of = _pairs(lists)
    if not first.size:
        return float("nan")
    items, positions = np.unique(np.concatenate([first, second]), return_inverse=True)
    cosines = _cosines(vectors[items], *np.sort(positions.reshape(2, -1), axis=0))
    per_list = np.bincount(list_of, weights=cosines) / np.maximum(np.bincount(list_of), 1)
    return float(1 - per_list[np.unique(list_of)].mean())


def _pairs(lists: Int32Array | Int64Array) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return all pairs of items of one list, and the row of that list: three (p,) int64 arrays."""
    left, right = np.triu_indices(lists.shape[1], k=1)
    first, second = lists[:, left].astype(np.int64), lists[:, right].astype(np.int64)
    rows, columns = np.nonzero((first >= 0) & (second >= 0))
    return first[rows, columns], second[rows, columns], rows


def _cosines(vectors: "csr_array", low: Int64Array, high: Int64Array) -> Float64Array:
    """Return the cosines of the rows `low` and `high` (p,) of `vectors` (n, d): (p,) float64."""
    from scipy.sparse import diags_array  # noqa: PLC0415 - web processes do not need it.

    lengths = np.sqrt(vectors.multiply(vectors).sum(axis=1))
    unit = (diags_array(1 / np.where(lengths > 0, lengths, 1)) @ vectors).tocsr()
    cosines = np.empty(low.size)
    order = np.argsort(low, kind="stable")
    starts = np.searchsorted(low[order], np.arange(0, len(lengths) + _BLOCK_ITEMS, _BLOCK_ITEMS))
    for block, (start, stop) in enumerate(pairwise(starts)):
        rows, at = order[start:stop], block * _BLOCK_ITEMS
        products = (unit[at : at + _BLOCK_ITEMS] @ unit.T).toarray()
        cosines[rows] = products[low[rows] - at, high[rows]]
    return cosines


def _errors(actual: ValuesLike, predicted: ValuesLike) -> Float64Array:
    true, guess = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if true.ndim != 1 or true.shape != guess.shape or not true.size:
        raise DataError(f"Actual and predicted values must be two equally long lists, got {true.shape}, {guess.shape}.")
    errors = guess - true
    if not np.isfinite(errors).all():
        at = int(np.argmin(np.isfinite(errors)))
        raise DataError(f"Value {at} is {true[at]} against a prediction of {guess[at]}: both must be finite.")
    return errors
