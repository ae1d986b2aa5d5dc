"""What a search for better hyper-parameters may try: each configuration declares its `space`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recommender.errors import ConfigError

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Floats:
    """Any number from `low` to `high`; drawn evenly in its logarithm when `log` is true."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high, log=self.log)

    def sample(self, rng: np.random.Generator) -> float:
        """Draw a value, rounded to three significant digits to keep tables of trials short."""
        value = _sample(rng, self.low, self.high, log=self.log)
        return min(max(float(f"{value:.3g}"), self.low), self.high)


@dataclass(frozen=True)
class Ints:
    """Any whole number from `low` to `high`, both included; drawn evenly in its logarithm when `log` is true."""

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_bounds(self.low, self.high, log=self.log)

    def sample(self, rng: np.random.Generator) -> int:
        """Draw a value."""
        if not self.log:
            return int(rng.integers(self.low, self.high, endpoint=True))
        return min(max(round(_sample(rng, self.low, self.high, log=True)), self.low), self.high)


@dataclass(frozen=True)
class Choices:
    """One of a few values, all as likely."""

    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ConfigError("There is nothing to choose from: give at least one value.")

    def sample(self, rng: np.random.Generator) -> Scalar:
        """Draw a value."""
        return self.values[int(rng.integers(len(self.values)))]


LIKED_FROM = Choices((0.5, 3.0, 3.5, 4.0))
"""Stars from which a rating may count as positive feedback; 0.5 makes all of them positive."""

SearchSpace: TypeAlias = Mapping[str, Floats | Ints | Choices]
"""What may be tried for each hyper-parameter, by the name of its field; those left out keep their default."""


def sample_settings(space: SearchSpace, rng: np.random.Generator) -> dict[str, Scalar]:
    """Return a value for each hyper-parameter of `space`, drawn in the order of their names."""
    return {name: space[name].sample(rng) for name in sorted(space)}


def _check_bounds(low: float, high: float, *, log: bool) -> None:
    if not -math.inf < low < high < math.inf:
        raise ConfigError(f"The range from {low} to {high} is empty: give a lower and a higher bound.")
    if log and low <= 0:
        raise ConfigError(f"The range from {low} to {high} has no logarithm: start it above 0.")


def _sample(rng: np.random.Generator, low: float, high: float, *, log: bool) -> float:
    if log:
        return math.exp(rng.uniform(math.log(low), math.log(high)))
    return float(rng.uniform(low, high))
