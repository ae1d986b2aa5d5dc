"""The plain twin of `kernels.synthetic`: the same numbers, one at a time, in Python and NumPy alone."""

import math

import numpy as np

from recommender.arrays import Float64Array, Int32Array, Int64Array
from recommender.data.synthetic_model import StarDistribution, SyntheticBlock, SyntheticItems
from recommender.kernels.synthetic import FIRST_SECOND, HIGHEST_HALVES, LARGE_PART, WEEKS, YEARS

_WORD = (1 << 64) - 1


class _Stream:
    """SplitMix64 in Python's own whole numbers."""

    def __init__(self, seed: int, user: int) -> None:
        self.state = self.mixed(seed ^ self.mixed(user))

    @staticmethod
    def mixed(bits: int) -> int:
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & _WORD
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & _WORD
        return bits ^ (bits >> 31)

    def uniform(self) -> float:
        self.state = (self.state + 0x9E3779B97F4A7C15) & _WORD
        return (self.mixed(self.state) >> 11) / (1 << 53)

    def normal(self) -> float:
        radius, angle = self.uniform(), self.uniform()
        return math.sqrt(-2 * math.log(1 - radius)) * math.cos(2 * math.pi * angle)


def fill_synthetic_rows_plain(
    seed: np.uint64, items: SyntheticItems, distribution: StarDistribution, block: SyntheticBlock
) -> None:
    """Fill in the ratings of a block of users."""
    for row in range(len(block.drawn)):
        stream = _Stream(int(seed), block.first_user + row)
        block.drawn[row] = sorted(_draw_items(stream, items, block.drawn.shape[1]))
        block.halves[row] = _draw_stars(stream, items, distribution, block.drawn[row])
        if block.times.shape[1]:
            first = FIRST_SECOND + int(stream.uniform() * YEARS)
            block.times[row] = [first + int(stream.uniform() * WEEKS) for _ in block.drawn[row]]


def _draw_items(stream: _Stream, items: SyntheticItems, wanted: int) -> "set[int] | Int64Array":
    n_items = items.weights.size
    if LARGE_PART * wanted > n_items:
        waits = np.array([-math.log(1 - stream.uniform()) for _ in range(n_items)]) / items.weights
        return np.argsort(waits)[:wanted]
    found: set[int] = set()
    while len(found) < wanted:
        place = stream.uniform() * n_items
        item = int(place)
        found.add(item if place - item < items.kept[item] else int(items.aliases[item]))
    return found


def _draw_stars(
    stream: _Stream, items: SyntheticItems, distribution: StarDistribution, drawn: Int32Array
) -> Float64Array:
    if distribution.even:
        return np.array([1 + int(stream.uniform() * HIGHEST_HALVES) for _ in drawn])
    user_bias = distribution.user_bias * stream.normal()
    user_factors = distribution.user_factor * np.array([stream.normal() for _ in range(items.factors.shape[1])])
    noise = distribution.noise * np.array([stream.normal() for _ in drawn])
    stars = distribution.mean + user_bias + items.biases[drawn] + items.factors[drawn] @ user_factors + noise
    return np.clip(np.floor(2 * stars + 0.5), 1, HIGHEST_HALVES)
