"""Every setting of every algorithm changes the model, is validated, and leads to a clear error if training diverges."""

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pytest

from recommender.algorithms import ALGORITHMS, Setting, get_algorithm, make_config
from recommender.arrays import Float32Array
from recommender.contract import AnyModel
from recommender.data.ratings import Ratings
from recommender.errors import ConfigError, DivergedError
from tests.recommender.contract.conftest import SETTINGS, train

# Another value of each setting; the base is that of the contract tests, with fewer epochs where the defaults are slow.
CHANGES: Mapping[str, Mapping[str, Setting]] = {
    "als": {"n_factors": 5, "n_epochs": 3, "regularisation": 5.0, "alpha": 3.0, "liked_from": 4.5, "seed": 4},
    "bayesian": {
        "n_factors": 5,
        "n_sweeps": 20,
        "n_burn_in": 5,
        "n_chains": 1,
        "n_components": 8,
        "init_std_dev": 0.3,
        "seed": 4,
    },
    "bias": {"n_epochs": 1, "user_damping": 1.0, "item_damping": 1.0},
    "ease": {"regularisation": 100.0, "max_items": 9, "liked_from": 5.0},
    "house": {
        "n_factors": 5,
        "n_sweeps": 20,
        "n_burn_in": 5,
        "n_chains": 1,
        "n_components": 8,
        "n_trial_sweeps": 12,
        "n_core": 20,
        "regularisation": 5.0,
        "liked_from": 4.0,
        "window": 2,
        "held_out": 0.5,
        "n_choices": 10,
        "seed": 4,
    },
    "hybrid": {
        "n_genres": 1,
        "vector_from": 60,
        "damping": 50.0,
        "rare_words": 0.1,
        "dislikes": 0.0,
        "n_factors": 5,
        "n_epochs": 3,
        "learning_rate": 0.05,
        "regularisation": 0.3,
        "batch_size": 100,
        "seed": 4,
    },
    "item2vec": {
        "n_factors": 5,
        "n_epochs": 3,
        "window": 1,
        "n_negatives": 2,
        "learning_rate": 1.0,
        "liked_from": 5.0,
        "seed": 4,
    },
    "keywords": {"damping": 50.0, "rare_words": 0.1, "dislikes": 0.0},
    "kmf": {
        "n_factors": 5,
        "n_epochs": 3,
        "learning_rate": 0.02,
        "regularisation": 0.3,
        "batch_size": 100,
        "decay": 0.5,
        "init_std_dev": 0.3,
        "seed": 4,
    },
    "neural-cf": {
        "n_candidates": 5,
        "n_factors": 5,
        "n_hidden": 8,
        "n_epochs": 2,
        "n_sampled": 4,
        "batch_users": 16,
        "learning_rate": 0.1,
        "dropout": 0.0,
        "item2vec_factors": 5,
        "item2vec_epochs": 3,
        "liked_from": 4.5,
        "seed": 4,
    },
    "nsvd": {
        "n_factors": 5,
        "n_epochs": 3,
        "learning_rate": 0.02,
        "regularisation": 0.3,
        "size": "min",
        "init_std_dev": 0.3,
        "seed": 4,
    },
    "popularity": {"damping": 50.0},
    "surprise-svd": {
        "n_factors": 5,
        "n_epochs": 3,
        "lr_all": 0.01,
        "reg_all": 0.1,
        "init_mean": 0.1,
        "init_std_dev": 0.2,
        "seed": 1,
    },
    "surprise-svdpp": {"n_factors": 5, "n_epochs": 3, "lr_all": 0.02, "reg_all": 0.1, "init_std_dev": 0.2, "seed": 1},
    "svd": {
        "n_factors": 5,
        "n_epochs": 3,
        "learning_rate": 0.02,
        "regularisation": 0.3,
        "init_std_dev": 0.3,
        "seed": 4,
    },
    "trending": {"half_life": 0.5},
}
# These say where to train, not what; and algorithms without random numbers ignore their seed.
PLACES = {"device", "engine", "n_threads"}
WITHOUT_RANDOM_NUMBERS = {"bias", "ease", "keywords", "popularity", "trending"}
DIVERGING = {"kmf": 1e20, "nsvd": 5.0, "surprise-svd": 5.0, "surprise-svdpp": 5.0, "svd": 5.0}


def test_each_setting_changes_the_model(name: str, ratings: Ratings) -> None:
    without_effect = PLACES | ({"seed"} if name in WITHOUT_RANDOM_NUMBERS else set())
    assert {field.name for field in fields(make_config(name))} - without_effect == CHANGES[name].keys()
    before = results_of(train(name, ratings))
    for setting, value in CHANGES[name].items():
        after = results_of(train(name, ratings, settings={setting: value}))
        assert not np.array_equal(before, after, equal_nan=True), setting


def results_of(model: AnyModel) -> Float32Array:
    """Return stars, scores and intervals of all pairs, and the scores of a new user who likes two of three kinds."""
    users = np.repeat(model.users.ids, len(model.items))
    items = np.tile(model.items.ids, len(model.users))
    liked = np.where(np.arange(12) % 3 == 2, 1.0, 5.0)
    new_user = model.fold_in(model.items.ids[:12], liked)
    parts = model.predict(users, items), model.score(users, items), *model.interval(users, items)
    return np.concatenate([*parts, model.score_items(new_user)])


@pytest.mark.parametrize("name", sorted(DIVERGING), indirect=True)
def test_a_learning_rate_that_is_too_high_is_reported_by_name(name: str, ratings: Ratings) -> None:
    setting = "lr_all" if name.startswith("surprise") else "learning_rate"
    with pytest.raises(DivergedError, match=f"{setting}={DIVERGING[name]}.*lower {setting}".replace("+", r"\+")):
        train(name, ratings, settings={setting: DIVERGING[name]})


def test_every_setting_is_known_by_name_and_others_are_refused(name: str) -> None:
    assert "seed" in {field.name for field in fields(make_config(name))}
    with pytest.raises(ConfigError, match="has no setting 'nonsense'"):
        make_config(name, {"nonsense": 1})


def test_only_settings_of_the_registered_algorithms_are_listed_here() -> None:
    assert CHANGES.keys() == ALGORITHMS.keys() | {"trending"}
    assert SETTINGS.keys() <= ALGORITHMS.keys()
    assert all(get_algorithm(name) for name in DIVERGING)
