from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import Settings
from tests.pipeline.worlds import World

from accounts.models import User
from movies.models import ModelVersion, Movie, Rating, SuggestionList
from pipeline.errors import TrainingError
from pipeline.models import Export
from pipeline.services import training
from pipeline.services.training import surprise_model_train
from recommender.artifacts import read_manifest
from recommender.factors.model import FactorModel
from recommender.persistence import read_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported(world: World) -> World:
    call_command("exportdatasets")
    return world


def states() -> list[tuple[int, str]]:
    return list(ModelVersion.objects.order_by("pk").values_list("pk", "state"))


def test_trained_model_knows_the_rated_users_and_movies_by_their_database_ids(exported: World, folders: Path) -> None:
    version = surprise_model_train(n_epochs=5, n_factors=4, promote=False).version

    model = read_model(FactorModel, folders / "models" / version.folder)
    assert model.users.ids.tolist() == exported.user_ids
    assert model.items.ids.tolist() == exported.movie_ids
    assert model.n_factors == 4
    assert (version.n_users, version.n_movies, version.n_ratings) == (60, 40, Rating.objects.count())


def test_row_and_manifest_say_where_the_model_comes_from(exported: World, folders: Path) -> None:
    version = surprise_model_train(n_epochs=5, n_factors=4, seed=7, promote=False).version

    export = Export.objects.get(kind="ratings")
    provenance = read_manifest(folders / "models" / version.folder).provenance
    assert version.snapshot_checksum == provenance.dataset == export.sha256
    assert version.trained_until == export.settled_at
    assert version.config == provenance.config
    assert (version.config["n_epochs"], version.config["n_factors"], version.config["seed"]) == (5, 4, 7)
    assert version.metrics == provenance.metrics


def test_errors_are_measured_on_ratings_that_the_measured_model_has_not_seen(exported: World) -> None:
    few, many = (surprise_model_train(n_epochs=n, n_factors=5, promote=False).version.metrics for n in (1, 300))

    assert few["n_test"] == Rating.objects.count()
    assert few["n_train"] == pytest.approx(0.9 * few["n_test"], abs=1)
    # Tastes have a noise of half a star; who had seen these ratings would get far below that after 300 epochs.
    assert 0.45 < many["rmse"] < few["rmse"]


def test_errors_of_very_many_ratings_are_measured_on_those_of_some_users(
    exported: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_ratings = Rating.objects.count()
    monkeypatch.setattr(training, "MAX_MEASURED", n_ratings // 2)

    version = surprise_model_train(n_epochs=5, n_factors=4, promote=False).version

    assert 0.3 * n_ratings < version.metrics["n_test"] < 0.7 * n_ratings
    assert version.n_ratings == n_ratings


def test_same_seed_gives_the_same_model_and_another_seed_another(exported: World, folders: Path) -> None:
    versions = [surprise_model_train(n_epochs=3, seed=seed, promote=False).version for seed in (1, 1, 2)]

    factors = [np.load(folders / "models" / version.folder / "item_factors.npy") for version in versions]

    np.testing.assert_array_equal(factors[0], factors[1])
    assert not np.array_equal(factors[0], factors[2])


def test_new_model_goes_live_and_the_old_one_retires(exported: World) -> None:
    first = surprise_model_train(n_epochs=20, n_factors=5).version
    second = surprise_model_train(n_epochs=20, n_factors=5).version

    assert states() == [(first.pk, "retired"), (second.pk, "live")]
    assert second.promoted_at is not None


def test_candidate_stays_a_candidate_without_promotion(exported: World, capsys: pytest.CaptureFixture[str]) -> None:
    live = surprise_model_train(n_epochs=20, n_factors=5).version
    call_command("trainsurprisemodel", "--epochs", "20", "--no-promote")

    assert [state for _, state in states()] == ["live", "candidate"]
    assert states()[0] == (live.pk, "live")
    assert "kept as a candidate" in capsys.readouterr().out


def test_noise_fails_the_command_and_keeps_a_candidate(folders: Path) -> None:
    users = User.objects.bulk_create(User(username=f"u{n}") for n in range(40))
    movies = Movie.objects.bulk_create(Movie(title=f"m{n}") for n in range(30))
    rng = np.random.default_rng(0)
    Rating.objects.bulk_create(
        Rating(user=user, movie=movie, value=float(rng.integers(1, 11) / 2)) for user in users for movie in movies
    )
    call_command("exportdatasets")

    with pytest.raises(CommandError, match=r"stays a candidate: stars \(RMSE\).* of popularity.* must be better"):
        call_command("trainsurprisemodel", "--epochs", "50")

    assert [state for _, state in states()] == ["candidate"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--epochs", "0"], "n_epochs is 0"), (["--factors", "0"], "n_factors is 0"), (["--seed", "-1"], "seed is -1")],
)
def test_hyper_parameter_out_of_range_is_named(exported: World, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("trainsurprisemodel", *arguments)

    assert states() == []


def test_training_without_an_export_says_what_to_do(db: None) -> None:
    with pytest.raises(CommandError, match="run exportdatasets first") as raised:
        call_command("trainsurprisemodel")

    assert raised.value.returncode == 1


def test_models_folder_that_cannot_be_made_is_an_error_and_a_failed_version(
    exported: World, folders: Path, settings: Settings
) -> None:
    settings.MODELS_DIR = folders / "file"
    settings.MODELS_DIR.write_text("no folder")

    with pytest.raises(TrainingError, match="could not be written"):
        surprise_model_train(n_epochs=1)

    failed = ModelVersion.objects.get()
    assert failed.state == "failed"
    assert "could not be written" in failed.error


def test_old_models_go_but_never_the_live_one_nor_one_whose_suggestions_are_there(
    exported: World, folders: Path, settings: Settings
) -> None:
    settings.MODELS_KEEP = 1
    suggesting = surprise_model_train(n_epochs=20, n_factors=5).version
    SuggestionList.objects.create(
        user_id=exported.user_ids[0], movie_ids=[], scores=[], model_version=suggesting, created_at=timezone.now()
    )
    live = surprise_model_train(n_epochs=20, n_factors=5).version
    candidates = [surprise_model_train(n_epochs=1, n_factors=5, promote=False).version for _ in range(2)]

    kept = [suggesting, live, candidates[-1]]
    assert [pk for pk, _ in states()] == [version.pk for version in kept]
    assert {path.name for path in (folders / "models").iterdir()} == {version.folder for version in kept}


def test_summary_has_size_errors_and_time(exported: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("trainsurprisemodel", "--epochs", "20", "--factors", "5")

    *compared, line = capsys.readouterr().out.splitlines()
    metrics = ModelVersion.objects.get().metrics
    assert f"RMSE {metrics['rmse']:.4f}, MAE {metrics['mae']:.4f}" in line
    assert "60 users and 40 movies" in line
    assert "now live" in line
    assert [line.split(": ")[0].strip() for line in compared] == [
        f"passed  {measure} {metrics[f'gate_{name}']:.4f} against {other:.4f} of popularity"
        for (measure, name), other in zip(
            {"stars (RMSE)": "rmse", "order (NDCG@10)": "ndcg@10"}.items(),
            [comparison["other"] for comparison in ModelVersion.objects.get().gate_report["comparisons"]],
            strict=True,
        )
    ]
