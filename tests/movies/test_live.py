import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries, Settings
from tests.movies.factor_models import factor_model, go_live

from movies import live
from movies.live import LiveModel, live_model
from movies.models import ModelVersion, Movie
from recommender.arrays import Float32Array
from recommender.factors.model import FactorModel

pytestmark = pytest.mark.django_db


@pytest.fixture
def models_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.MODELS_DIR = tmp_path / "models"
    return tmp_path / "models"


@pytest.fixture
def movies() -> list[Movie]:
    return Movie.objects.bulk_create(Movie(title=f"m{n}") for n in range(20))


def item_factors(current: LiveModel) -> Float32Array:
    assert isinstance(current.model, FactorModel)
    return current.model.item_factors


def test_without_a_live_version_there_is_no_live_model(models_dir: Path) -> None:
    assert live_model() is None


def test_live_model_is_loaded_once_and_costs_one_query_afterwards(
    models_dir: Path, movies: list[Movie], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    version = go_live(factor_model(movies), models_dir, folder="first")

    first = live_model()
    with django_assert_num_queries(1):
        again = live_model()

    assert first is not None
    assert first is again
    assert first.version_id == version.pk
    assert first.trained_until == version.trained_until


def test_factors_are_mapped_from_the_file_and_read_only(models_dir: Path, movies: list[Movie]) -> None:
    go_live(factor_model(movies), models_dir, folder="first")

    current = live_model()

    assert current is not None
    factors = item_factors(current)
    assert isinstance(factors, np.memmap)
    assert not factors.flags.writeable


def test_newly_live_model_takes_over_at_once(models_dir: Path, movies: list[Movie]) -> None:
    go_live(factor_model(movies, seed=1), models_dir, folder="first")
    old = live_model()
    version = go_live(factor_model(movies, seed=2), models_dir, folder="second")

    new = live_model()

    assert old is not None
    assert new is not None
    assert new.version_id == version.pk
    assert not np.array_equal(item_factors(old), item_factors(new))


def test_model_in_use_survives_the_removal_of_its_folder(models_dir: Path, movies: list[Movie]) -> None:
    go_live(factor_model(movies), models_dir, folder="first")
    current = live_model()
    assert current is not None

    shutil.rmtree(models_dir)

    assert live_model() is current
    assert np.isfinite(item_factors(current)).all()


@pytest.mark.parametrize("damage", ["missing", "torn"])
def test_unusable_model_is_logged_once_and_is_no_model(
    models_dir: Path, movies: list[Movie], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    go_live(factor_model(movies), models_dir, folder=damage)
    if damage == "missing":
        shutil.rmtree(models_dir / damage)
    else:
        (models_dir / damage / "item_factors.npy").write_bytes(b"torn")

    assert live_model() is None
    assert live_model() is None
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert damage in caplog.text


def test_unusable_model_is_tried_again_later(
    models_dir: Path, movies: list[Movie], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.0)
    go_live(factor_model(movies), models_dir, folder="away")
    (models_dir / "away").rename(models_dir / "elsewhere")
    assert live_model() is None

    (models_dir / "elsewhere").rename(models_dir / "away")

    assert live_model() is not None


def test_concurrent_threads_share_one_model(models_dir: Path, movies: list[Movie]) -> None:
    version = go_live(factor_model(movies), models_dir, folder="first")
    model_cache = live._ModelCache()
    got: list[LiveModel | None] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        got.append(model_cache.get(ModelVersion(pk=version.pk, folder="first", trained_until=version.trained_until)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(got) == 8
    assert got[0] is not None
    assert all(model is got[0] for model in got)
