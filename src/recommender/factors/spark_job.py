"""A program that trains ALS on Spark. It reads and writes Parquet files.

Run as `python -P spark_job.py JOB.json`; `als_spark` writes the job. It imports nothing of this package, so that
PySpark's driver needs nothing else. Spark weighs the penalty of each user and item by how often they occur (ALS-WR,
Zhou et al. 2008, AAIM, eq. 3).
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(job_file: str) -> None:
    """Fit the factors that the job asks for, and write them beside it: `id`, `features`, the k of each."""
    from pyspark.ml.recommendation import ALS  # noqa: PLC0415 - optional, and only this program needs it.
    from pyspark.sql import SparkSession  # noqa: PLC0415

    job: dict[str, Any] = json.loads(Path(job_file).read_text(encoding="utf-8"))
    builder = SparkSession.builder.appName("matinee als").master(job["master"])
    for name, value in job["spark"].items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        ratings = session.read.parquet(job["ratings"])
        liked = ratings.where(ratings["rating"] >= job["liked_from"]).selectExpr(
            "cast(userId as int) as userId", "cast(movieId as int) as movieId", "cast(1 as float) as preference"
        )
        als = ALS(userCol="userId", itemCol="movieId", ratingCol="preference", implicitPrefs=True, **job["als"])
        model = als.fit(liked)
        model.userFactors.write.parquet(job["user_factors"])
        model.itemFactors.write.parquet(job["item_factors"])
    finally:
        session.stop()


if __name__ == "__main__":
    main(sys.argv[1])
