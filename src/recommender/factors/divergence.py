"""Detecting that gradient descent has diverged."""

from collections.abc import Iterable
from typing import Protocol

from recommender.arrays import Float32Array
from recommender.errors import DivergedError

# Larger factors are on their way to infinity; products of factors up to this size still fit float32.
_LARGEST = 1e15


class GradientConfig(Protocol):
    """A configuration of gradient descent."""

    @property
    def learning_rate(self) -> float:
        """γ."""
        ...

    @property
    def regularisation(self) -> float:
        """λ."""
        ...


def check_divergence(parameters: Iterable[Float32Array], config: GradientConfig) -> None:
    """Raise DivergedError unless every number of `parameters` (arrays of any shape) is finite and of a usable size."""
    if not all(array.min() > -_LARGEST and array.max() < _LARGEST for array in parameters):
        raise DivergedError(
            f"Training diverged with learning_rate={config.learning_rate} and "
            f"regularisation={config.regularisation}: lower learning_rate."
        )
