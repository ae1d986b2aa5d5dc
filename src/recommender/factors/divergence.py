"""Noticing that gradient descent has left what predictions can be made of."""

from collections.abc import Iterable

from recommender.arrays import Float32Array
from recommender.errors import DivergedError

# Factors that grow past this are on their way to infinity; their products still have room in float32.
_LARGEST = 1e15


def check_divergence(parameters: Iterable[Float32Array], *, learning_rate: float, regularisation: float) -> None:
    """Raise DivergedError unless every number of `parameters` (arrays of any shape) is finite and of a usable size."""
    if not all(array.min() > -_LARGEST and array.max() < _LARGEST for array in parameters):
        raise DivergedError(
            f"Training diverged with learning_rate={learning_rate} and regularisation={regularisation}: "
            "lower learning_rate."
        )
