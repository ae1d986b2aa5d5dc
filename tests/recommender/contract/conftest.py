"""Every registered algorithm and the documented example, trained once in each process on the same small world."""

import importlib.util
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from recommender.algorithms import ALGORITHMS, Setting, get_algorithm, make_estimator
from recommender.contract import AnyModel, OnEpoch
from recommender.data.catalogue import Catalogue
from recommender.data.ratings import Ratings
from tests.recommender.contract import documented

# Smaller than the defaults wherever those would be slow; an algorithm that is not here is trained with its defaults.
SETTINGS: Mapping[str, Mapping[str, Setting]] = {
    "bayesian": {"n_factors": 8, "n_sweeps": 30, "n_burn_in": 10, "n_chains": 2, "n_components": 16},
    "house": {"n_factors": 8, "n_sweeps": 30, "n_burn_in": 10, "n_chains": 2, "n_components": 16, "n_trial_sweeps": 15},
    "hybrid": {"n_factors": 8},
    "neural-cf": {"n_factors": 8, "n_hidden": 16, "n_epochs": 3, "n_candidates": 20},
    "surprise-svd": {"n_factors": 8},
    "surprise-svdpp": {"n_factors": 8, "n_epochs": 10},
    "svd": {"n_factors": 8},
}


def world(seed: int = 11) -> Ratings:
    """90 users of three kinds and 60 items of three kinds; ids are not positions; some times follow the kinds."""
    rng = np.random.default_rng(seed)
    pairs = np.sort(rng.permutation(90 * 60)[:2700])
    users, items = pairs // 60, pairs % 60
    same = users % 3 == items % 3
    stars = np.where(same, 4.2, 2.6) + 0.3 * rng.standard_normal(90)[users] + 0.3 * rng.standard_normal(pairs.size)
    values = np.clip(np.round(stars * 2) / 2, 0.5, 5.0)
    return Ratings.from_arrays(1000 + 3 * users, 50 + 7 * items, values, 10**9 + rng.permutation(pairs.size) * 60)


def catalogue() -> Catalogue:
    """What the items of `world` are about: their kind, a few words shared within it, and a word of their own."""
    kinds = ("Comedy", "Drama", "Western")
    return Catalogue.of(
        50 + 7 * np.arange(60),
        genres=[(kinds[item % 3],) for item in range(60)],
        keywords=[(f"{kinds[item % 3]}-{item // 3 % 4}", f"only-{item}") for item in range(60)],
    )


def train(
    name: str, ratings: Ratings, on_epoch: OnEpoch | None = None, *, settings: Mapping[str, Setting] | None = None
) -> AnyModel:
    """Fit an algorithm as this suite does."""
    about = catalogue() if get_algorithm(name).needs_catalogue else None
    return make_estimator(name, {**SETTINGS.get(name, {}), **(settings or {})}, catalogue=about).fit(ratings, on_epoch)


@cache
def trained(name: str) -> AnyModel:
    return train(name, world())


@pytest.fixture(params=[*sorted(ALGORITHMS), documented.NAME])
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of each algorithm whose dependencies are there."""
    name = str(request.param)
    if name == documented.NAME:
        documented.register_example(monkeypatch)
    extra = get_algorithm(name).extra
    if extra is not None and importlib.util.find_spec(extra) is None:
        pytest.skip(f"the optional dependency {extra} is not installed")
    return name


@pytest.fixture
def ratings() -> Ratings:
    return world()


@pytest.fixture
def model(name: str) -> AnyModel:
    return trained(name)
