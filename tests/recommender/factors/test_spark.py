"""`als` by a real Spark: on this machine, and on a cluster of a master and two workers."""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.artifacts import Provenance
from recommender.data.ratings import Ratings
from recommender.data.synthetic import synthetic_ratings
from recommender.data.synthetic_model import SyntheticConfig
from recommender.errors import SparkError
from recommender.evaluation.temporal_holdout import TemporalHoldout, evaluate_model, make_temporal_holdout
from recommender.factors.als import ALS, ALSConfig, ALSModel
from recommender.factors.als_spark import SparkPlace
from recommender.persistence import read_model, save_model

pytestmark = [
    pytest.mark.slow,
    pytest.mark.system,
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="PySpark is not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
]

SECONDS_AT_MOST = 60
SETTINGS = ALSConfig(n_factors=8, n_epochs=3, alpha=5.0, regularisation=1.0, device="cpu")


@pytest.fixture(scope="module", autouse=True)
def quick_start() -> Iterator[None]:
    """Let Java compile little: these programs are over before it pays."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        yield


@pytest.fixture(scope="module")
def holdout() -> TemporalHoldout:
    """As many users, films and ratings as MovieLens 100K has, with ids that are no positions."""
    made = synthetic_ratings(SyntheticConfig(n_users=943, n_items=1682, per_user=106, timed=True))
    assert made.times is not None
    ratings = Ratings.from_arrays(made.user_ids * 3 + 10**6, made.item_ids * 7, made.values, made.times)
    return make_temporal_holdout(ratings)


@pytest.fixture(scope="module")
def here(holdout: TemporalHoldout) -> ALSModel:
    return ALS(replace(SETTINGS, engine="spark"), SparkPlace("local[2]")).fit(holdout.train)


@pytest.fixture(scope="module")
def library(holdout: TemporalHoldout) -> ALSModel:
    return ALS(SETTINGS).fit(holdout.train)


def objective(model: ALSModel, ratings: Ratings) -> float:
    """What ALS minimises, by the formula: every pair counts."""
    confidence = np.ones((len(model.users), len(model.items)))
    liked = ratings.values >= model.liked_from
    pairs = ratings.user_positions[liked], ratings.item_positions[liked]
    confidence[pairs] = model.alpha
    users, items = model.user_factors.astype(np.float64), model.item_factors.astype(np.float64)
    errors = (confidence > 1) - users @ items.T
    penalty = model.regularisation * ((users**2).sum() + (items**2).sum())
    return float((confidence * errors**2).sum() + penalty)


def ndcg(model: ALSModel, holdout: TemporalHoldout) -> float:
    return evaluate_model(model, holdout.test_users).metrics["ndcg@10"]


def test_spark_and_the_library_have_the_same_objective(
    here: ALSModel, library: ALSModel, holdout: TemporalHoldout
) -> None:
    assert objective(here, holdout.train) == pytest.approx(objective(library, holdout.train), rel=0.04)


def test_spark_ranks_as_well_as_the_library(here: ALSModel, library: ALSModel, holdout: TemporalHoldout) -> None:
    assert ndcg(here, holdout) > 0.95 * ndcg(library, holdout)


def test_model_is_stored_and_answers_like_any_other(here: ALSModel, holdout: TemporalHoldout, tmp_path: Path) -> None:
    save_model(here, tmp_path / "als", Provenance("als", {}, seed=0, dataset="made up"))
    again = read_model(ALSModel, tmp_path / "als")

    mine = holdout.train.select(holdout.train.user_positions == 5)
    profile = again.fold_in(mine.item_ids, mine.values).profile
    assert np.corrcoef(profile, here.user_factors[5])[0, 1] > 0.99
    assert np.array_equal(again.user_factors, here.user_factors)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A master and two workers, each a process of its own; yield the master's address and what they all say."""
    import pyspark  # noqa: PLC0415 - optional.

    port = free_port()
    master = f"spark://127.0.0.1:{port}"
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_WORKER_DIR": str(tmp_path / "work")}
    program = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    log_path = tmp_path / "cluster.log"
    here = ["--host", "127.0.0.1", "--webui-port", "0"]
    with ExitStack() as stack:
        log = stack.enter_context(log_path.open("wb"))

        def start(*arguments: str) -> None:
            process = subprocess.Popen([program, *arguments], stdout=log, stderr=log, env=environment)
            stack.callback(process.wait, timeout=30)
            stack.callback(process.terminate)

        start("org.apache.spark.deploy.master.Master", *here, "--port", str(port))
        for _ in range(2):
            start("org.apache.spark.deploy.worker.Worker", *here, "--cores", "1", "--memory", "1g", master)
        wait_for(log_path, "Registering worker", times=2)
        yield master, log_path


def wait_for(log_path: Path, words: str, *, times: int) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while log_path.read_text(errors="replace").count(words) < times:
        if time.monotonic() > deadline:
            pytest.fail(f"“{words}” was not said {times} times:\n{log_path.read_text(errors='replace')}")
        time.sleep(0.2)


def test_cluster_of_two_workers_computes_the_same_factors_from_a_snapshot(
    here: ALSModel,
    holdout: TemporalHoldout,
    cluster: tuple[str, Path],
    tmp_path: Path,
) -> None:
    master, log_path = cluster
    snapshot = tmp_path / "ratings.parquet"
    train = holdout.train
    columns = {"userId": train.user_ids, "movieId": train.item_ids, "rating": train.values}
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), snapshot)

    model = ALS(replace(SETTINGS, engine="spark"), SparkPlace(master, tmp_path / "exchange", snapshot)).fit(train)

    assert log_path.read_text(errors="replace").count("Asked to launch executor") == 2
    scores, expected = (fitted.score(train.user_ids, train.item_ids) for fitted in (model, here))
    np.testing.assert_allclose(scores, expected, atol=0.02)
    assert list((tmp_path / "exchange").iterdir()) == []


def test_the_error_for_a_failure_in_spark_names_its_log(synthetic: Ratings, tmp_path: Path) -> None:
    place = SparkPlace("local[1]", tmp_path, tmp_path / "gone.parquet")

    with pytest.raises(SparkError, match=f"PATH_NOT_FOUND.*everything is in {tmp_path}.*spark.log"):
        ALS(ALSConfig(engine="spark"), place).fit(synthetic)
