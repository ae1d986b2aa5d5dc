import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, SparkError
from recommender.factors.als import ALS, ALSConfig
from recommender.factors.als_spark import SparkPlace, read_factors


def factors_write(folder: Path, part: int, ids: list[int], features: list[list[float]]) -> None:
    folder.mkdir(exist_ok=True)
    columns = {"id": pa.array(ids, pa.int32()), "features": pa.array(features, pa.list_(pa.float32()))}
    pq.write_table(pa.table(columns), folder / f"part-{part}.snappy.parquet")


def test_factors_are_placed_by_id_from_any_file(tmp_path: Path) -> None:
    factors_write(tmp_path, 0, [70, 30], [[7.0, 7.5], [3.0, 3.5]])
    factors_write(tmp_path, 1, [50], [[5.0, 5.5]])
    factors_write(tmp_path, 2, [], [])

    read = read_factors(tmp_path, Vocabulary(np.array([30, 40, 50, 70])), 2)

    assert read.dtype == np.float32
    assert read.tolist() == [[3.0, 3.5], [0.0, 0.0], [5.0, 5.5], [7.0, 7.5]]


@pytest.mark.parametrize(
    ("ids", "features"),
    [([31], [[1.0, 2.0]]), ([30], [[1.0, 2.0, 3.0]]), ([30, 40], [[1.0], [2.0, 3.0]])],
    ids=["of an unknown id", "too long", "too short"],
)
def test_factors_of_another_training_are_refused(tmp_path: Path, ids: list[int], features: list[list[float]]) -> None:
    factors_write(tmp_path, 0, ids, features)

    with pytest.raises(SparkError, match="not those of these ratings"):
        read_factors(tmp_path, Vocabulary(np.array([30, 40])), 2)


def test_factors_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    factors_write(tmp_path, 0, [30], [[1.0, float("nan")]])

    with pytest.raises(SparkError, match="not finite"):
        read_factors(tmp_path, Vocabulary(np.array([30])), 2)


def test_master_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="the Spark master is here"):
        SparkPlace("here")


def test_cluster_needs_a_folder_that_its_machines_share() -> None:
    with pytest.raises(ConfigError, match="name a folder, too"):
        SparkPlace("spark://films:7077")


def test_the_error_for_missing_pyspark_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, synthetic: Ratings
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)

    with pytest.raises(ConfigError, match=r"run make spark"):
        ALS(ALSConfig(engine="spark")).fit(synthetic)


def test_missing_java_is_named_with_where_it_was_looked_for(
    monkeypatch: pytest.MonkeyPatch, synthetic: Ratings, tmp_path: Path
) -> None:
    pyspark = ModuleType("pyspark")
    pyspark.__spec__ = ModuleSpec("pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark", pyspark)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(ConfigError, match=f"Java 17.*JAVA_HOME={tmp_path}"):
        ALS(ALSConfig(engine="spark")).fit(synthetic)


def test_confidence_below_that_of_everything_else_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least 1 where engine is spark"):
        ALSConfig(engine="spark", alpha=0.5)


def test_unknown_engine_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="implicit, spark"):
        ALSConfig(engine="steam")
