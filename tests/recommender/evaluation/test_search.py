"""The search for better settings."""

import importlib.util
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest
from tests.recommender.contract.conftest import SETTINGS, catalogue, world

from recommender.algorithms import ALGORITHMS, get_search_space, make_config, make_estimator, ranks_by_predicted_stars
from recommender.data.ratings import Ratings
from recommender.data.splits import last_out_split, random_split
from recommender.errors import ConfigError, DivergedError
from recommender.evaluation.gate import Measure
from recommender.evaluation.search import Search, Trial, measure_for, user_samples

# Those that are trained in seconds on a small world; the others differ in nothing that a search sees.
CHEAP = sorted(set(ALGORITHMS) - {"house", "popularity"})


@pytest.mark.parametrize("name", CHEAP)
def test_every_algorithm_can_be_searched(name: str) -> None:
    algorithm = ALGORITHMS[name]
    if algorithm.extra is not None and importlib.util.find_spec(algorithm.extra) is None:
        return
    small = {key: value for key, value in SETTINGS.get(name, {}).items() if key not in {"n_factors", "n_components"}}
    if name == "svd":
        small["n_threads"] = 1  # On a busy machine, threads that wait for one another are slower than one.
    about = catalogue() if algorithm.needs_catalogue else None
    result = Search(name, n_trials=2, fixed=small, catalogue=about).run(last_out_split(world()))
    assert [trial.number for trial in result.trials] == [0, 1, 2]
    values = [trial.value for trial in result.trials if trial.value is not None]
    assert result.best.value == (min(values) if result.measure is Measure.STARS else max(values))
    tuned = set(get_search_space(name)) - set(small)
    assert set(result.trials[1].settings) == tuned | set(small)
    make_config(name, result.best.best_settings)
    stops = hasattr(make_config(name), "n_epochs")
    assert (result.best.best_epoch is not None) is stops
    assert ("n_epochs" in result.best.best_settings) is (stops or "n_epochs" in small)


def test_the_same_seed_tries_the_same_and_finds_the_same() -> None:
    def values(seed: int) -> list[float | None]:
        return [trial.value for trial in Search("bias", n_trials=2, seed=seed).run(last_out_split(world())).trials]

    assert values(3) == values(3)
    assert values(3) != values(4)


def test_the_measure_is_what_the_algorithm_ranks_by() -> None:
    assert measure_for("svd") is Measure.STARS
    assert measure_for("ease") is Measure.ORDER
    assert measure_for("ease", Measure.STARS) is Measure.STARS
    assert ranks_by_predicted_stars("bayesian")
    assert not ranks_by_predicted_stars("house")


def test_few_ratings_are_all_learnt_from_by_every_trial() -> None:
    split = last_out_split(world())
    ((share, part),) = user_samples(split, seed=0)
    assert share == 1.0
    assert part is split


def test_bad_settings_are_given_up_after_a_part_of_the_users() -> None:
    ratings = _many()
    split = random_split(ratings, test_fraction=0.1, seed=0)
    parts = user_samples(split, seed=0)
    assert [share for share, _ in parts] == [pytest.approx(1 / 3), 1.0]
    users = [set(part.train.users.ids.tolist()) for _, part in parts]
    assert users[0] < users[1]
    assert len(users[0]) == pytest.approx(len(users[1]) / 3, rel=0.15)
    assert set(parts[0][1].test.users.ids.tolist()) <= users[0]
    heard: list[Trial] = []
    result = Search("bias", n_trials=8).run(split, heard.append)
    assert [trial.number for trial in heard[:9]] == list(range(9))
    finalists = [trial for trial in result.trials if trial.share == 1.0]
    # The best third of nine goes on, and the defaults do in any case.
    first = sorted(heard[:9], key=lambda trial: trial.value or np.inf)
    assert {trial.number for trial in finalists} == {trial.number for trial in first[:3]} | {0}
    assert result.best.value == min(trial.value for trial in finalists if trial.value is not None)
    assert result.trials[0].share == 1.0


def test_a_diverged_trial_is_reported_and_the_others_continue() -> None:
    ratings = last_out_split(world())
    with pytest.raises(DivergedError, match="All 3 trials of svd failed: Training diverged"):
        Search("svd", n_trials=2, fixed={"learning_rate": 40.0, "n_threads": 1}).run(ratings)


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"algorithm": "popularity"}, "popularity has nothing left to tune"),
        ({"algorithm": "bias", "fixed": {"user_damping": 1.0, "item_damping": 1.0}}, "nothing left to tune"),
        ({"algorithm": "bias", "n_trials": 0}, "n_trials is 0"),
        ({"algorithm": "bias", "patience": 0}, "patience is 0"),
        ({"algorithm": "bias", "fixed": {"wings": 2}}, "no setting 'wings'"),
        ({"algorithm": "oracle"}, "no algorithm 'oracle'"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_before_it_begins(search: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Search(**search)  # type: ignore[arg-type]  # One of each kind is wrong on purpose.


@pytest.mark.slow
def test_settings_that_are_found_beat_the_defaults_on_ratings_that_had_no_part_in_the_search(
    shared_data: Path,
) -> None:
    table = pyarrow.csv.read_csv(shared_data / "ml-latest-small" / "ratings.csv")
    ratings = Ratings.from_arrays(*(table[name].to_numpy() for name in ("userId", "movieId", "rating")))
    outer = random_split(ratings, test_fraction=0.1, seed=0)
    result = Search("svd", n_trials=8, fixed={"n_threads": 1}).run(random_split(outer.train, test_fraction=0.1, seed=1))
    from recommender.evaluation.holdout import evaluate_split  # noqa: PLC0415 - beside its one use.
    from recommender.factors.svd import SVD, SVDConfig  # noqa: PLC0415

    tuned = evaluate_split(make_estimator("svd", result.best.best_settings), outer)["rmse"]
    assert tuned < evaluate_split(SVD(SVDConfig()), outer)["rmse"] - 0.003


def _many() -> Ratings:
    """900 users with some 80 ratings each."""
    rng = np.random.default_rng(2)
    users, items = np.nonzero(rng.random((900, 400)) < 0.2)
    stars = 3 + 0.7 * rng.standard_normal(900)[users] + 0.5 * rng.standard_normal(400)[items]
    return Ratings.from_arrays(users, items, np.clip(np.round(stars * 2) / 2, 0.5, 5.0))
