"""System checks of the pipeline's settings."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from recommender.algorithms import ALGORITHMS


@register()
def nightly_algorithms_check(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """E003: ``NIGHTLY_ALGORITHMS`` must name at least one algorithm, and only ones that exist."""
    known = f"Choose among {', '.join(ALGORITHMS)}, separated by commas."
    if not settings.NIGHTLY_ALGORITHMS:
        return [Error("NIGHTLY_ALGORITHMS names no algorithm.", hint=known, id="matinee.E003")]
    return [
        Error(f"NIGHTLY_ALGORITHMS names {name!r}, and there is no such algorithm.", hint=known, id="matinee.E003")
        for name in settings.NIGHTLY_ALGORITHMS
        if name not in ALGORITHMS
    ]
