"""Any algorithm in the product: training, serving, comparing, and the trainings of a night."""

import json
from pathlib import Path

import numpy as np
import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings
from tests.pipeline.worlds import World

from accounts.models import User
from movies.models import ModelVersion, Movie, Rating, SimilarMovies, SuggestionList
from movies.services.suggestions import suggestion_list_refresh
from pipeline.errors import NoLiveModelError, TrainingError
from pipeline.services.nightly import nightly_models_train
from pipeline.services.similar import similar_movies_refresh
from pipeline.snapshot import snapshot_latest
from recommender.algorithms import load_model
from recommender.contract import AnyModel
from recommender.data.snapshot import read_snapshot
from recommender.evaluation.gate import Measure
from recommender.evaluation.search import Search, make_tuning_split
from recommender.evaluation.temporal_holdout import make_temporal_holdout

pytestmark = pytest.mark.django_db

# One that ranks by its stars, and some that have an order of their own.
SERVED = {
    "svd": ["n_factors=5", "n_epochs=60", "learning_rate=0.02"],
    "ease": ["regularisation=20"],
    "als": ["n_factors=4"],
    "item2vec": ["n_epochs=20"],
    "keywords": ["dislikes=0.5"],
    "hybrid": ["n_factors=4"],
    "house": ["n_factors=4", "n_sweeps=12", "n_burn_in=4", "n_trial_sweeps=6", "n_chains=2"],
}


@pytest.fixture
def exported(world: World) -> World:
    call_command("exportdatasets")
    return world


def live_of(folders: Path) -> tuple[ModelVersion, AnyModel]:
    version = ModelVersion.objects.get(state="live")
    return version, load_model(folders / "models" / version.folder)


def go_live(algorithm: str, *settings: str) -> None:
    call_command("trainmodel", algorithm, "--no-promote", *(["--set", *settings] if settings else []))
    call_command("promotemodel", "--force", "the world is small")


@pytest.mark.parametrize("algorithm", SERVED)
def test_lists_are_in_the_models_own_order_with_the_stars_it_expects(
    exported: World, folders: Path, algorithm: str
) -> None:
    go_live(algorithm, *SERVED[algorithm])
    call_command("createmoviesuggestions")

    _, model = live_of(folders)
    rated = {(user, movie) for user, movie in Rating.objects.values_list("user_id", "movie_id")}
    assert SuggestionList.objects.count() == len(exported.user_ids)
    for row in SuggestionList.objects.order_by("pk")[::9]:
        users = [row.user_id] * len(row.movie_ids)
        assert not rated & set(zip(users, row.movie_ids, strict=True))
        own = model.score(users, row.movie_ids)
        assert np.all(np.diff(own) <= 1e-5)
        np.testing.assert_allclose(row.scores, model.predict(users, row.movie_ids), atol=1e-5)


@pytest.mark.parametrize("algorithm", SERVED)
def test_new_user_gets_the_same_list_in_a_request_as_in_the_batch(exported: World, algorithm: str) -> None:
    go_live(algorithm, *SERVED[algorithm])
    user = User.objects.create_user("ada")
    Rating.objects.bulk_create(
        Rating(user=user, movie_id=movie, value=5 if place % 2 else 1)
        for place, movie in enumerate(exported.movie_ids[:8])
    )

    suggestion_list_refresh(user_id=user.pk)
    at_once = SuggestionList.objects.get(user=user)
    call_command("createmoviesuggestions", "--reuse-suggestions-up-to-days", "0")
    later = SuggestionList.objects.get(user=user)

    assert at_once.movie_ids == later.movie_ids
    np.testing.assert_allclose(at_once.scores, later.scores, atol=1e-5)
    assert not set(at_once.movie_ids) & set(exported.movie_ids[:8])


def test_lists_follow_the_genres_of_a_user(exported: World) -> None:
    call_command("trainmodel", "svd", "--set", *SERVED["svd"])
    call_command("createmoviesuggestions", "--max", "5")

    for place, user_id in enumerate(exported.user_ids):
        best = SuggestionList.objects.get(user_id=user_id).movie_ids[:2]
        assert all(exported.movie_ids.index(movie) % 2 == place % 2 for movie in best)


def test_row_has_settings_curve_versions_and_code_checksum(exported: World, folders: Path) -> None:
    call_command(
        "trainmodel", "svd", "--set", "n_factors=3", "n_epochs=40", "--set", "learning_rate=0.02", "--seed", "9"
    )

    version, _ = live_of(folders)
    assert version.algorithm == "svd"
    assert {name: version.config[name] for name in ("n_factors", "n_epochs", "learning_rate", "seed")} == {
        "n_factors": 3,
        "n_epochs": 40,
        "learning_rate": 0.02,
        "seed": 9,
    }
    assert [point["epoch"] for point in version.learning_curve] == list(range(2, 41, 2))
    assert version.learning_curve[-1]["rmse"] < version.learning_curve[0]["rmse"]
    assert {"numpy", "python"} <= {name.lower() for name in version.libraries}
    assert len(version.code) == 64
    assert version.metrics["gate_n_train"] + version.metrics["gate_n_test"] <= Rating.objects.count()


def test_search_selects_the_best_settings_on_the_past_and_keeps_fixed_ones(
    exported: World, folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("trainmodel", "svd", "--no-promote", "--set", "n_factors=4", "--search", "6", "--seed", "5")

    ratings = read_snapshot(snapshot_latest(folders / "exports", "ratings").parquet)
    past = Search("svd", n_trials=6, seed=5, fixed={"n_factors": 4}).run(
        make_tuning_split(make_temporal_holdout(ratings, seed=5).train, Measure.STARS, seed=5)
    )
    values = [trial.value for trial in past.trials if trial.value is not None]
    assert past.best.value == min(values) < values[0]
    config = ModelVersion.objects.get().config
    assert config["n_factors"] == 4
    assert config.items() >= dict(past.best.best_settings).items()
    assert f"learning_rate={config['learning_rate']}" in capsys.readouterr().out


def test_files_of_a_training_are_the_factors(exported: World, folders: Path) -> None:
    call_command("trainmodel", "als", "--no-promote", "--set", "n_factors=4")

    folder = folders / "models" / ModelVersion.objects.get().folder
    assert np.load(folder / "user_factors.npy").shape == (60, 4)
    assert np.load(folder / "item_factors.npy").shape == (40, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["svd", "--engine", "spark"], "svd has no setting 'engine'"),
        (["svd", "--set", "n_factor=3"], "no setting 'n_factor': choose among n_factors"),
        (["svd", "--set", "n_factors=three"], "n_factors is 'three'"),
        (["svd", "--set", "n_factors"], "write it as key=value"),
        (["svd", "--set", "n_factors=0"], "n_factors is 0"),
        (["svd", "--seed", "-1"], "seed is -1"),
        (["svd", "--search", "-1"], "--search is -1"),
    ],
)
def test_wrong_algorithm_or_setting_is_named_and_nothing_is_stored(
    exported: World, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("trainmodel", *arguments)

    assert not ModelVersion.objects.exists()


def test_training_that_diverges_is_noted_as_failed(exported: World) -> None:
    with pytest.raises(CommandError, match="lower learning_rate"):
        call_command("trainmodel", "svd", "--set", "learning_rate=90", "n_epochs=50")

    failed = ModelVersion.objects.get()
    assert failed.state == "failed"
    assert "lower learning_rate" in failed.error
    with pytest.raises(CommandError, match=r"The training of .* failed"):
        call_command("promotemodel", str(failed.pk), "--force", "please")


def test_comparison_has_a_line_for_each_algorithm_and_writes_the_same_as_json(
    exported: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    call_command("comparemodels", "popularity", "bias", "svd", "--json", str(path), "--seed", "3")

    content = json.loads(path.read_text())
    shown = capsys.readouterr().out.splitlines()
    assert [row["algorithm"] for row in content["algorithms"]] == ["popularity", "bias", "svd"]
    for row, line in zip(content["algorithms"], shown[1:], strict=False):
        assert line.split()[:4] == [row["algorithm"], *(f"{row[name]:.4f}" for name in ("rmse", "mae", "ndcg@10"))]
    assert not ModelVersion.objects.exists()


def test_comparison_of_an_unknown_algorithm_or_into_no_file_is_refused(exported: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no algorithm 'magic'"):
        call_command("comparemodels", "magic")
    with pytest.raises(CommandError, match="could not be written"):
        call_command("comparemodels", "popularity", "--json", str(tmp_path))


def test_night_trains_each_and_one_that_fails_costs_no_other_its_turn(exported: World, settings: Settings) -> None:
    settings.NIGHTLY_ALGORITHMS = ["keywords-of-old", "popularity", "bias", "svd"]
    report = str(nightly_models_train()).splitlines()

    trained = ModelVersion.objects.order_by("pk").values_list("algorithm", flat=True)
    assert list(trained) == ["popularity", "bias", "svd"]
    assert report[0].startswith("popularity #")
    assert report[-1].startswith("keywords-of-old could not be trained: There is no algorithm")


def test_night_in_which_nothing_can_be_trained_fails(exported: World, settings: Settings) -> None:
    settings.NIGHTLY_ALGORITHMS = ["no-such", "nor-this"]
    with pytest.raises(TrainingError, match=r"no-such could not be trained.*nor-this could not be trained"):
        nightly_models_train()


@pytest.mark.parametrize(("names", "hint"), [(["svd", "magic"], "'magic'"), ([], "no algorithm")])
def test_nights_that_cannot_be_are_found_by_check(settings: Settings, names: list[str], hint: str) -> None:
    settings.NIGHTLY_ALGORITHMS = names
    found = [message for message in run_checks() if message.id == "matinee.E003"]
    assert len(found) == 1
    assert hint in found[0].msg


def test_similar_films_are_written_once_per_model_and_lead_nowhere_that_is_gone(exported: World, folders: Path) -> None:
    call_command("trainmodel", "svd", "--set", *SERVED["svd"])
    Movie.objects.get(pk=exported.movie_ids[3]).delete()

    assert similar_movies_refresh() == len(exported.movie_ids) - 1
    assert similar_movies_refresh() == 0

    version, model = live_of(folders)
    row = SimilarMovies.objects.get(pk=exported.movie_ids[0])
    expected = model.similar_items([exported.movie_ids[0]], 24)
    assert row.model_version_id == version.pk
    assert row.movie_ids == expected.item_ids[0].tolist()
    np.testing.assert_allclose(row.scores, expected.scores[0], atol=1e-6)
    assert all(exported.movie_ids.index(movie) % 2 == 0 for movie in row.movie_ids[:5])


def test_models_that_know_no_likeness_leave_no_similar_films_behind(exported: World) -> None:
    call_command("trainmodel", "svd", "--set", *SERVED["svd"])
    similar_movies_refresh()
    go_live("popularity")

    assert similar_movies_refresh() == 0
    assert not SimilarMovies.objects.exists()


def test_similar_films_need_a_live_model(exported: World) -> None:
    with pytest.raises(NoLiveModelError, match="no usable live model"):
        similar_movies_refresh()
