"""What models are asked with and answer with."""

from typing import NamedTuple

from recommender.arrays import Float32Array, IdsLike, Int32Array, Int64Array, ValuesLike


class RecommendationBatch(NamedTuple):
    """Lists of some consecutive users of a request.

    `start`: index of the first of them in the request; `items`: (b, n) int32 item positions, best first, padded with
    -1; `scores`: (b, n) float32 unclipped scores, padded with NaN.
    """

    start: int
    items: Int32Array
    scores: Float32Array


class TopItems(NamedTuple):
    """A list per row, best first. `item_ids`: (m, n) int64 padded with -1; `scores`: (m, n) float32 padded with NaN."""

    item_ids: Int64Array
    scores: Float32Array


class History(NamedTuple):
    """What one person rated: `item_ids` (n,), each once; `values` (n,) stars; `times` (n,) Unix seconds, if known."""

    item_ids: IdsLike
    values: ValuesLike
    times: IdsLike | None = None


class Explanation(NamedTuple):
    """Why a model expects a person to like an item, by what it would expect without each of their ratings.

    `predicted`: stars with all of them; `item_ids`: (m,) int64, the rated items, by |effect| descending; `without`:
    (m,) float32, stars if that one rating did not count. `predicted - without[j]` is what rating j brings.
    """

    predicted: float
    item_ids: Int64Array
    without: Float32Array


class Interval(NamedTuple):
    """Where the true rating lies in 80 of 100 cases. `low`, `high`: (n,) float32 stars, NaN where not known."""

    low: Float32Array
    high: Float32Array
