"""Reproducible random numbers: the same seed text gives the same numbers on every machine and Python version."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class SeededRandom:
    """A stream of pseudo-random numbers that a text seeds."""

    def __init__(self, seed: str) -> None:
        self._bytes = iter(hashlib.shake_128(seed.encode()).digest(512))

    def fraction(self) -> float:
        """Return the next number from 0 to 1."""
        return next(self._bytes) / 255

    def between(self, low: float, high: float) -> float:
        """Return the next number from ``low`` to ``high``, to a tenth."""
        return round(low + (high - low) * self.fraction(), 1)

    def whole(self, low: int, high: int) -> int:
        """Return the next whole number from ``low`` to ``high``, both included."""
        return low + next(self._bytes) % (high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of ``options``."""
        return options[next(self._bytes) % len(options)]
