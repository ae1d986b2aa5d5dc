"""Measures of predicted stars and of lists: accuracy, and how varied, how fresh and how wide what is suggested is.

Lists are judged by where the relevant items stand in them: `hits` (m, k) bool, a row per list, best place first, true
where a relevant item stands.
"""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays import BoolArray, Float64Array, IdsLike, Int32Array, Int64Array, ValuesLike, check_ids
from recommender.errors import ConfigError, DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LIST_LENGTH = 10
"""k of the measures of lists, wherever nothing else is said."""
# Cosines of so many items with all others are held at a time.
_BLOCK_ITEMS = 256


def rmse(actual: ValuesLike, predicted: ValuesLike) -> float:
    """Root of the mean squared error, in stars; `actual` and `predicted` are (n,), n ≥ 1. DataError if not, or NaN."""
    errors = _errors(actual, predicted)
    return float(np.sqrt(np.mean(errors * errors)))


def mae(actual: ValuesLike, predicted: ValuesLike) -> float:
    """Mean absolute error, in stars; `actual` and `predicted` are (n,), n ≥ 1. DataError if not, or NaN."""
    return float(np.mean(np.abs(_errors(actual, predicted))))


def hits_of_ranks(ranks: IdsLike, k: int) -> BoolArray:
    """The hits of lists of `k` with one relevant item each, from its `ranks` (m,), 0 for the first: (m, k) bool.

    A rank of `k` or more is a miss. ConfigError for a `k` below 1, DataError for a rank below 0.
    """
    if k < 1:
        raise ConfigError(f"k is {k}: a list must hold at least 1.")
    places = check_ids(ranks, "ranks")
    if (places < 0).any():
        raise DataError(f"A rank is {places.min()}: ranks count from 0.")
    hits: BoolArray = places[:, None] == np.arange(k)
    return hits


def hit_rate(hits: BoolArray) -> float:
    """HR@k: the part of the lists in which anything relevant stands; 0 where there is no list."""
    return float(hits.any(axis=1).mean()) if len(hits) else 0.0


def recalls(hits: BoolArray, n_relevant: IdsLike) -> Float64Array:
    """Recall@k of each list: the part of its `n_relevant` (m,) items that stand in it; NaN where there are none."""
    wanted = check_ids(n_relevant, "n_relevant")
    parts: Float64Array = np.divide(hits.sum(axis=1), wanted, out=np.full(len(hits), np.nan), where=wanted > 0)
    return parts


def reciprocal_ranks(hits: BoolArray) -> Float64Array:
    """1 / place of the first relevant item of each list, places from 1; 0 for none (Voorhees 1999, TREC-8, 77-82)."""
    return np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1.0), 0.0)


def ndcgs(hits: BoolArray, n_relevant: IdsLike) -> Float64Array:
    """NDCG@k of each list, each of its `n_relevant` (m,) items worth 1: (m,) float64, NaN where there are none.

    DCG = Σ over places p = 1 … k that hit of 1 / log₂(p + 1), over that of the best list there could be (Järvelin,
    Kekäläinen 2002, ACM TOIS 20(4), section 2.2, with the discount of Burges et al. 2005, ICML).
    """
    k = hits.shape[1]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.concatenate([[np.nan], np.cumsum(discounts)])
    ndcg: Float64Array = (hits @ discounts) / ideal[np.minimum(check_ids(n_relevant, "n_relevant"), k)]
    return ndcg


def catalogue_coverage(lists: Int32Array | Int64Array, n_items: int) -> float:
    """The part of `n_items` that stands in any of `lists`, (m, k) item positions padded with -1 (Ge et al. 2010)."""
    return float(np.unique(lists[lists >= 0]).size / n_items)


def novelty(lists: Int32Array | Int64Array, n_raters: IdsLike, n_users: int) -> float:
    """Mean self-information of what is suggested, in bits: -log₂(n_raters / n_users) (Zhou et al. 2010, PNAS 107(10)).

    `lists`: (m, k) item positions padded with -1; `n_raters`: (n_items,), how many of `n_users` rated each, 1 at least.
    NaN where nothing is suggested.
    """
    raters = np.maximum(check_ids(n_raters, "n_raters"), 1)
    surprise = -np.log2(raters / n_users)[lists[lists >= 0]]
    return float(surprise.mean()) if surprise.size else float("nan")


def intra_list_diversity(lists: Int32Array | Int64Array, vectors: "csr_array") -> float:
    """The mean over lists of 1 - the mean cosine of two of its items (Smyth, McClave 2001; Ziegler et al. 2005, eq. 5).

    `lists`: (m, k) item positions padded with -1, those of fewer than two items not counting; `vectors`: (n_items, d),
    what tells items apart, not negative; an item whose vector is zero is like no other. NaN where no list counts.
    Cosines are made of all pairs of distinct items that are suggested, in bounded memory.
    """
    first, second, list_of = _pairs(lists)
    if not first.size:
        return float("nan")
    items, positions = np.unique(np.concatenate([first, second]), return_inverse=True)
    cosines = _cosines(vectors[items], *np.sort(positions.reshape(2, -1), axis=0))
    per_list = np.bincount(list_of, weights=cosines) / np.maximum(np.bincount(list_of), 1)
    return float(1 - per_list[np.unique(list_of)].mean())


def _pairs(lists: Int32Array | Int64Array) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Every two items of one list, and whose list that is: three times (p,) int64."""
    left, right = np.triu_indices(lists.shape[1], k=1)
    first, second = lists[:, left].astype(np.int64), lists[:, right].astype(np.int64)
    rows, columns = np.nonzero((first >= 0) & (second >= 0))
    return first[rows, columns], second[rows, columns], rows


def _cosines(vectors: "csr_array", low: Int64Array, high: Int64Array) -> Float64Array:
    """Cosines of rows `low` and `high` (p,) of `vectors` (n, d): (p,) float64."""
    from scipy.sparse import diags_array  # noqa: PLC0415 - web processes never measure.

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
