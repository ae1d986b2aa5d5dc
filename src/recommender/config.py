"""Checks that the configurations of all algorithms share."""

import math

from recommender.errors import ConfigError

LARGEST_SEED = 2**32 - 1


def require(condition: bool, name: str, value: object, wanted: str) -> None:  # noqa: FBT001 - an assertion's subject.
    """Raise ConfigError, naming the hyper-parameter, its value and what is wanted, unless `condition` holds."""
    if not condition:
        raise ConfigError(f"{name} is {value}: it must be {wanted}.")


def require_count(name: str, value: int, *, least: int = 1) -> None:
    """Require a whole number of at least `least`."""
    require(value >= least, name, value, f"at least {least}")


def require_positive(name: str, value: float) -> None:
    """Require a finite number above 0."""
    require(0 < value < math.inf, name, value, "a finite number above 0")


def require_not_negative(name: str, value: float) -> None:
    """Require a finite number, 0 or more."""
    require(0 <= value < math.inf, name, value, "a finite number, 0 or more")


def require_seed(value: int) -> None:
    """Require a seed that every generator of random numbers takes."""
    require(0 <= value <= LARGEST_SEED, "seed", value, f"from 0 to {LARGEST_SEED}")
