"""The factors of `als` by Spark MLlib, on one machine or on a cluster; exchanged with it as Parquet.

Spark minimises Σ_ui c_ui (p_ui - x_u·y_i)² + ρ(Σ n_u‖x_u‖² + Σ n_i‖y_i‖²), with c_ui = 1 + a where u liked i and else
1, n_u and n_i the numbers of positive interactions. With a = α - 1 its confidence is that of `als`; with ρ = λ(n_users
+ n_items) / 2n_liked the sum of penalties is that of `als`, but larger for users and items with many interactions.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from recommender.arrays import Float32Array
from recommender.config import require
from recommender.data.ratings import Ratings
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ConfigError, DataError, SparkError

# The numbers of parts that Spark works on at once depend on the data alone, so that a seed gives the same result on any
# cluster.
_LIKED_PER_PART = 1_000_000
_FEWEST_PARTS, _MOST_PARTS = 4, 1000
_MOST_ID = np.iinfo(np.int32).max
_LINES_SHOWN = 3


@dataclass(frozen=True)
class SparkPlace:
    """The place where Spark runs.

    `master`: as Spark writes it; `folder`: for the exchange, under this path on all its machines, a temporary one if
    Spark runs on this machine alone; `snapshot`: a Parquet file with the training ratings (`userId`, `movieId`,
    `rating`), without which they are written to `folder` first.
    """

    master: str = "local[*]"
    folder: Path | None = None
    snapshot: Path | None = None

    def __post_init__(self) -> None:
        known = ("local", "spark://", "yarn", "k8s://")
        require(
            self.master.startswith(known), "the Spark master", self.master, "local[*], spark://host:7077 or the like"
        )
        if self.folder is None and not self.master.startswith("local"):
            raise ConfigError(f"The Spark master is {self.master}: name a folder, too, that all its machines share.")


@dataclass(frozen=True)
class SparkTraining:
    """The settings of a training by Spark; the names are those of `ALSConfig`."""

    n_factors: int
    n_epochs: int
    regularisation: float
    alpha: float
    liked_from: float
    seed: int

    def fit(self, ratings: Ratings, place: SparkPlace) -> tuple[Float32Array, Float32Array]:
        """Return x and y: (n_users, k), (n_items, k) float32, zeros without interactions.

        Equal seeds give equal factors except for rounding. ConfigError if PySpark or Java is missing, DataError for ids
        that Spark cannot hold, SparkError for errors in Spark.
        """
        _spark_require()
        for ids in (ratings.users.ids, ratings.items.ids):
            if ids.size and int(ids.max()) > _MOST_ID:
                raise DataError(f"Spark's ALS takes ids up to {_MOST_ID}, not {ids.max()}: use engine=implicit.")
        n_liked = int(np.count_nonzero(ratings.values >= np.float32(self.liked_from)))
        if not n_liked:
            raise DataError(f"No rating has {self.liked_from} stars or more: lower liked_from.")
        with _exchange(place) as folder:
            job = self._job(ratings, n_liked, place, folder)
            _job_run(job, folder)
            users = read_factors(folder / "user_factors", ratings.users, self.n_factors)
            return users, read_factors(folder / "item_factors", ratings.items, self.n_factors)

    def _job(self, ratings: Ratings, n_liked: int, place: SparkPlace, folder: Path) -> dict[str, Any]:
        n_parts = int(np.clip(n_liked // _LIKED_PER_PART, _FEWEST_PARTS, _MOST_PARTS))
        weight = self.regularisation * (len(ratings.users) + len(ratings.items)) / (2 * n_liked)
        snapshot = place.snapshot or _ratings_write(ratings, folder)
        return {
            "master": place.master,
            "spark": {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": str(n_parts)},
            "als": {
                "rank": self.n_factors,
                "maxIter": self.n_epochs,
                "regParam": weight,
                "alpha": self.alpha - 1,
                "seed": self.seed,
                "numUserBlocks": n_parts,
                "numItemBlocks": n_parts,
            },
            "liked_from": self.liked_from,
            "ratings": snapshot.absolute().as_uri(),
            "user_factors": (folder / "user_factors").as_uri(),
            "item_factors": (folder / "item_factors").as_uri(),
        }


def read_factors(folder: Path, vocabulary: Vocabulary, n_factors: int) -> Float32Array:
    """Return the factors in the Parquet files that Spark wrote, by position: (n, k) float32, zeros if missing.

    SparkError for unknown ids or vectors of another length, which belong to another training.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - only training needs it.

    factors = np.zeros((len(vocabulary), n_factors), dtype=np.float32)
    for file in sorted(folder.glob("*.parquet")):
        for batch in pq.ParquetFile(file).iter_batches(columns=["id", "features"]):
            positions = vocabulary.positions(batch.column("id").to_numpy())
            features = batch.column("features").flatten().to_numpy(zero_copy_only=False)
            if features.size != positions.size * n_factors or (positions < 0).any():
                raise SparkError(f"The factors in {file} are not those of these ratings.")
            factors[positions] = features.reshape(-1, n_factors)
    if not np.isfinite(factors).all():
        raise SparkError("Spark's factors are not finite: raise regularisation or lower alpha.")
    return factors


def _spark_require() -> None:
    if find_spec("pyspark") is None:
        raise ConfigError("engine=spark needs PySpark, which is not installed: run make spark.")
    home = os.environ.get("JAVA_HOME")
    if not (Path(home) / "bin" / "java").exists() if home else shutil.which("java") is None:
        where = f"under JAVA_HOME={home}" if home else "on the PATH"
        raise ConfigError(f"engine=spark needs Java 17 or later, and there is none {where}: install one.")


@contextmanager
def _exchange(place: SparkPlace) -> Iterator[Path]:
    """Yield a folder that is removed at the end of the ``with`` block, unless Spark failed and left its log there."""
    if place.folder is not None:
        place.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="matinee-spark-", dir=place.folder))
    # The workers of a cluster may run as another user, and write here.
    folder.chmod(0o755 if place.folder is None else 0o777)
    try:
        yield folder
    except SparkError:
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _ratings_write(ratings: Ratings, folder: Path) -> Path:
    import pyarrow as pa  # noqa: PLC0415 - only training needs it.
    import pyarrow.parquet as pq  # noqa: PLC0415

    path = folder / "ratings.parquet"
    columns = {"userId": ratings.user_ids, "movieId": ratings.item_ids, "rating": ratings.values}
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), path)
    return path


def _job_run(job: dict[str, Any], folder: Path) -> None:
    job_file, log_file = folder / "job.json", folder / "spark.log"
    job_file.write_text(json.dumps(job), encoding="utf-8")
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    if job["master"].startswith("local"):
        # Spark fails on a machine that cannot resolve its own name.
        environment.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    program = Path(__file__).with_name("spark_job.py")
    with log_file.open("wb") as log:
        command = [sys.executable, "-P", str(program), str(job_file)]
        ended = subprocess.run(command, check=False, stdout=log, stderr=log, env=environment)
    if ended.returncode:
        lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        errors = [line.strip() for line in lines if "Exception" in line or "Error" in line][-_LINES_SHOWN:]
        raise SparkError(f"Spark failed: {' | '.join(errors or lines[-_LINES_SHOWN:])} (everything is in {log_file}).")
