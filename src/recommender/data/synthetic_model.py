"""The model of synthetic ratings: popularity, biases and factors of items, and the distribution of stars."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recommender.arrays import AnyArray, Float32Array, Float64Array, Int32Array, Int64Array
from recommender.config import require, require_seed

STRUCTURES = ("latent", "uniform")
MOST_USERS, MOST_ITEMS, MOST_FACTORS = 2**31 - 1, 1_000_000, 100
# The mean, and the standard deviations of user biases, item biases, factors and noise, in stars, as in MovieLens.
_MEAN, _USER_BIAS, _ITEM_BIAS, _FACTORS, _NOISE = 3.3, 0.4, 0.45, 0.5, 0.7
# The standard deviation of the logarithm of popularity, and its correlation with the item bias.
_POPULARITY, _BIAS_CORRELATION = 1.2, 0.5


@dataclass(frozen=True)
class SyntheticConfig:
    """The size and structure of synthetic ratings; ConfigError for a value outside its range.

    Users 1…`n_users` each rate `per_user` distinct movies out of 1…`n_items`. `structure`: "latent" for biases,
    `n_factors` latent factors, noise and films of unequal popularity; "uniform" for uniformly drawn films and
    half-stars. `timed`: whether ratings have times, which are random. The same seed gives the same ratings on any
    number of cores.
    """

    n_users: int = 1000
    n_items: int = 1000
    per_user: int = 30
    structure: str = "latent"
    n_factors: int = 8
    timed: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("n_users", 1, MOST_USERS),
            ("n_items", 1, MOST_ITEMS),
            ("n_factors", 0, MOST_FACTORS),
        ):
            count = getattr(self, name)
            require(least <= count <= most, name, count, f"from {least} to {most}")
        require(
            1 <= self.per_user <= self.n_items, "per_user", self.per_user, f"from 1 to n_items, which is {self.n_items}"
        )
        require(self.structure in STRUCTURES, "structure", self.structure, f"one of {', '.join(STRUCTURES)}")
        require_seed(self.seed)


class SyntheticItems(NamedTuple):
    """The items and their parameters.

    `weights`: (n_items,) float64 above 0, the relative frequency of each item; `kept`, `aliases`: (n_items,) float64
    and int32, the same as an alias table: a uniformly drawn item is kept with probability `kept` and otherwise replaced
    by its alias; `biases`: (n_items,) float32 stars; `factors`: (n_items, k) float32.
    """

    weights: Float64Array
    kept: Float64Array
    aliases: Int32Array
    biases: Float32Array
    factors: Float32Array


class StarDistribution(NamedTuple):
    """The distribution of stars: μ, and the standard deviations of b_u, of each p_u and of the noise.

    If `even` is true, all half-stars are equally likely and the rest is ignored.
    """

    mean: float
    user_bias: float
    user_factor: float
    noise: float
    even: bool


class SyntheticBlock(NamedTuple):
    """The ratings of b consecutive users from position `first_user` on, n per user.

    `drawn`: (b, n) int32 item positions, ascending; `halves`: (b, n) uint8, stars times two; `times`: (b, n) int64 Unix
    seconds, or (b, 0). Ids are positions plus one.
    """

    first_user: int
    drawn: Int32Array
    halves: AnyArray
    times: Int64Array

    def columns(self) -> dict[str, AnyArray]:
        """Return the columns of a file, (b·n,) each: int64 ids, float32 stars and, if any, times in int64 seconds."""
        b, n = self.drawn.shape
        columns: dict[str, AnyArray] = {
            "userId": np.repeat(np.arange(self.first_user + 1, self.first_user + 1 + b, dtype=np.int64), n),
            "movieId": self.drawn.ravel().astype(np.int64) + 1,
            "rating": self.halves.ravel().astype(np.float32) / np.float32(2),
        }
        return {**columns, "timestamp": self.times.ravel()} if self.times.size else columns


def make_synthetic_items(config: SyntheticConfig) -> SyntheticItems:
    """Return the items of a configuration, drawn from its seed."""
    n, k = config.n_items, config.n_factors
    rng = np.random.default_rng([config.seed, n])
    quality, fame = rng.standard_normal((2, n))
    factors = rng.standard_normal((n, k), dtype=np.float32)
    if config.structure == "uniform":
        weights = np.ones(n)
    else:
        rest = math.sqrt(1 - _BIAS_CORRELATION**2)
        weights = np.exp(_POPULARITY * (_BIAS_CORRELATION * quality + rest * fame))
    return SyntheticItems(weights, *_alias_table(weights), (_ITEM_BIAS * quality).astype(np.float32), factors)


def star_distribution(config: SyntheticConfig) -> StarDistribution:
    """Return the distribution of stars of a configuration."""
    return StarDistribution(
        mean=_MEAN,
        user_bias=_USER_BIAS,
        user_factor=_FACTORS / math.sqrt(max(config.n_factors, 1)),
        noise=_NOISE,
        even=config.structure == "uniform",
    )


def _alias_table(weights: Float64Array) -> tuple[Float64Array, Int32Array]:
    """Return `kept` and `aliases` of `weights` (Vose 1991, IEEE Trans. Software Engineering 17(9), p. 973)."""
    kept = weights * (weights.size / weights.sum())
    aliases = np.arange(weights.size, dtype=np.int32)
    small, large = list(np.flatnonzero(kept < 1)), list(np.flatnonzero(kept >= 1))
    while small and large:
        poor, rich = small.pop(), large[-1]
        aliases[poor] = rich
        kept[rich] -= 1 - kept[poor]
        if kept[rich] < 1:
            small.append(large.pop())
    kept[np.array(small + large, dtype=np.int64)] = 1
    return kept, aliases
