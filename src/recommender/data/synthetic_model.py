"""What made-up ratings are drawn from: how good, how famous and of what kind items are, and how users judge them."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recommender.arrays import AnyArray, Float32Array, Float64Array, Int32Array, Int64Array
from recommender.config import require, require_seed

STRUCTURES = ("latent", "uniform")
MOST_USERS, MOST_ITEMS, MOST_FACTORS = 2**31 - 1, 1_000_000, 100
# Spread in stars, such that all together resembles MovieLens: of users, of films, of what taste adds, of whim.
_MEAN, _USER_BIAS, _ITEM_BIAS, _TASTE, _NOISE = 3.3, 0.4, 0.45, 0.5, 0.7
# Spread of the logarithm of how often films are rated, and how much of it good films have to thank their bias for.
_POPULARITY, _FAME_OF_GOOD = 1.2, 0.5


@dataclass(frozen=True)
class SyntheticConfig:
    """What to make; ConfigError for a value outside its range.

    Users 1…`n_users` each rate `per_user` distinct movies out of 1…`n_items`. `structure`: "latent" for biases,
    `n_factors` dimensions of taste, noise and films of unequal fame; "uniform" for films and half-stars drawn evenly.
    `timed`: whether ratings have times, which tell nothing. The same for the same seed, on any number of cores.
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
    """What is drawn from.

    `weights`: (n_items,) float64, above 0, how often an item is drawn; `kept`, `aliases`: (n_items,) float64 and int32,
    the same as a table: an item drawn evenly is kept with probability `kept`, else its alias is taken; `biases`:
    (n_items,) float32 stars; `factors`: (n_items, k) float32.
    """

    weights: Float64Array
    kept: Float64Array
    aliases: Int32Array
    biases: Float32Array
    factors: Float32Array


class UserTastes(NamedTuple):
    """How stars come about: μ, the standard deviations of b_u, of each p_u and of the noise; whether to draw evenly.

    Where `even` is true, all half-stars are equally likely and the rest is of no account.
    """

    mean: float
    user_bias: float
    user_factor: float
    noise: float
    even: bool


class SyntheticBlock(NamedTuple):
    """Ratings of the b users from number `first_user` on, n of each.

    `drawn`: (b, n) int32 item positions, ascending; `halves`: (b, n) uint8, stars times two; `times`: (b, n) int64 Unix
    seconds, or (b, 0). Ids are numbers and positions plus one.
    """

    first_user: int
    drawn: Int32Array
    halves: AnyArray
    times: Int64Array

    def columns(self) -> dict[str, AnyArray]:
        """The columns of a file, (b·n,) each: int64 ids, float32 stars and, if there are times, int64 seconds."""
        b, n = self.drawn.shape
        columns: dict[str, AnyArray] = {
            "userId": np.repeat(np.arange(self.first_user + 1, self.first_user + 1 + b, dtype=np.int64), n),
            "movieId": self.drawn.ravel().astype(np.int64) + 1,
            "rating": self.halves.ravel().astype(np.float32) / np.float32(2),
        }
        return {**columns, "timestamp": self.times.ravel()} if self.times.size else columns


def synthetic_items(config: SyntheticConfig) -> SyntheticItems:
    """The items of a configuration, drawn from its seed."""
    n, k = config.n_items, config.n_factors
    rng = np.random.default_rng([config.seed, n])
    goodness, fame = rng.standard_normal((2, n))
    factors = rng.standard_normal((n, k), dtype=np.float32)
    if config.structure == "uniform":
        weights = np.ones(n)
    else:
        rest = math.sqrt(1 - _FAME_OF_GOOD**2)
        weights = np.exp(_POPULARITY * (_FAME_OF_GOOD * goodness + rest * fame))
    return SyntheticItems(weights, *_alias_table(weights), (_ITEM_BIAS * goodness).astype(np.float32), factors)


def synthetic_taste(config: SyntheticConfig) -> UserTastes:
    """How the users of a configuration judge."""
    return UserTastes(
        mean=_MEAN,
        user_bias=_USER_BIAS,
        user_factor=_TASTE / math.sqrt(max(config.n_factors, 1)),
        noise=_NOISE,
        even=config.structure == "uniform",
    )


def _alias_table(weights: Float64Array) -> tuple[Float64Array, Int32Array]:
    """Each item's probability to be kept and its alias (Vose 1991, IEEE Trans. Software Engineering 17(9), p. 973)."""
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
