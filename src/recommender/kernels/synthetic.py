"""Synthetic ratings, user by user: items, stars and times; compiled, and parallel over users.

The seed and the user determine a stream of random numbers, so the result does not depend on threads or blocks. The
generator is SplitMix64 (Steele, Lea, Flood 2014, OOPSLA, "Fast Splittable Pseudorandom Number Generators", figure 17);
normal numbers are computed from its uniform ones (Box, Muller 1958).

Items are drawn one after another, each with a probability in proportion to its weight among those not yet drawn. A
small share of all items is drawn by repeating draws of earlier items; a large share, by the smallest exponential
waiting times (Efraimidis, Spirakis 2006, algorithm A), which has the same distribution.

Stars are μ + b_u + b_i + q_i·p_u + noise, to the nearest half within the rating scale. A user's times are within four
weeks, which begin at a random time in fifteen years.
"""

import math

import numba
import numpy as np

from recommender.arrays import AnyArray, Int32Array, Int64Array
from recommender.data.synthetic_model import StarDistribution, SyntheticBlock, SyntheticItems

# The number of users that a thread takes at a time.
_CHUNK_USERS = 64
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_TO_UNIT = 1.0 / (1 << 53)
HIGHEST_HALVES = 10
# 2010-01-01, fifteen years and four weeks, in seconds.
FIRST_SECOND, YEARS, WEEKS = 1_262_304_000, 15 * 365 * 86_400, 28 * 86_400
# From this share of all items on, one in so many, they are drawn by waiting times.
LARGE_PART = 4


@numba.njit(cache=True, nogil=True, parallel=True)
def fill_synthetic_rows(
    seed: np.uint64, items: SyntheticItems, distribution: StarDistribution, block: SyntheticBlock
) -> None:
    """Fill in the ratings of a block of users."""
    n_users = block.drawn.shape[0]
    for chunk in numba.prange((n_users + _CHUNK_USERS - 1) // _CHUNK_USERS):
        marks = np.zeros(items.weights.size, dtype=np.bool_)
        for row in range(chunk * _CHUNK_USERS, min((chunk + 1) * _CHUNK_USERS, n_users)):
            state = _mix(seed ^ _mix(np.uint64(block.first_user + row)))
            state = _draw_items(state, items, marks, block.drawn[row])
            state = _draw_stars(state, items, distribution, block.drawn[row], block.halves[row])
            _draw_times(state, block.times[row])


@numba.njit(cache=True, nogil=True)
def _draw_items(state: np.uint64, items: SyntheticItems, marks: AnyArray, drawn: Int32Array) -> np.uint64:
    n_items = items.weights.size
    if LARGE_PART * drawn.size > n_items:
        return _race_items(state, items, drawn)
    n_drawn = 0
    while n_drawn < drawn.size:
        state, unit = _uniform(state)
        place = unit * n_items
        item = int(place)
        if place - item >= items.kept[item]:
            item = items.aliases[item]
        if not marks[item]:
            marks[item] = True
            drawn[n_drawn] = item
            n_drawn += 1
    for item in drawn:
        marks[item] = False
    drawn.sort()
    return state


@numba.njit(cache=True, nogil=True)
def _race_items(state: np.uint64, items: SyntheticItems, drawn: Int32Array) -> np.uint64:
    waits = np.empty(items.weights.size)
    for item in range(waits.size):
        state, unit = _uniform(state)
        waits[item] = -math.log(1.0 - unit) / items.weights[item]
    drawn[:] = np.argsort(waits)[: drawn.size]
    drawn.sort()
    return state


@numba.njit(cache=True, nogil=True)
def _draw_stars(
    state: np.uint64, items: SyntheticItems, distribution: StarDistribution, drawn: Int32Array, halves: AnyArray
) -> np.uint64:
    if distribution.even:
        for at in range(drawn.size):
            state, unit = _uniform(state)
            halves[at] = 1 + int(unit * HIGHEST_HALVES)
        return state
    state, normal = _normal(state)
    base = distribution.mean + distribution.user_bias * normal
    user_factors = np.empty(items.factors.shape[1])
    for f in range(user_factors.size):
        state, normal = _normal(state)
        user_factors[f] = distribution.user_factor * normal
    for at in range(drawn.size):
        state, normal = _normal(state)
        stars = base + items.biases[drawn[at]] + distribution.noise * normal
        for f in range(user_factors.size):
            stars += user_factors[f] * items.factors[drawn[at], f]
        halves[at] = min(max(math.floor(2.0 * stars + 0.5), 1), HIGHEST_HALVES)
    return state


@numba.njit(cache=True, nogil=True)
def _draw_times(state: np.uint64, times: Int64Array) -> None:
    if not times.size:
        return
    state, unit = _uniform(state)
    first = FIRST_SECOND + int(unit * YEARS)
    for at in range(times.size):
        state, unit = _uniform(state)
        times[at] = first + int(unit * WEEKS)


@numba.njit(cache=True, nogil=True)
def _mix(bits: np.uint64) -> np.uint64:
    bits = (bits ^ (bits >> _S30)) * _MIX_1
    bits = (bits ^ (bits >> _S27)) * _MIX_2
    return bits ^ (bits >> _S31)


@numba.njit(cache=True, nogil=True)
def _uniform(state: np.uint64) -> tuple[np.uint64, float]:
    """Return the next state, and a number from 0 (included) to 1 (excluded)."""
    state += _GOLDEN
    return state, float(_mix(state) >> _S11) * _TO_UNIT


@numba.njit(cache=True, nogil=True)
def _normal(state: np.uint64) -> tuple[np.uint64, float]:
    """Return the next state, and a number of mean 0 and standard deviation 1."""
    state, radius = _uniform(state)
    state, angle = _uniform(state)
    return state, math.sqrt(-2.0 * math.log(1.0 - radius)) * math.cos(2.0 * math.pi * angle)
