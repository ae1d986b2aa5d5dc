"""The command line as the real process that people start, and files for it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from recommender import cli
from recommender.data.ratings import Ratings

SRC = Path(cli.__file__).parents[2]


def matinee(*arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recommender", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder or SRC, timeout=120, env=environment
    )


def failure(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence that a command ended with."""
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def tastes(n_users: int = 60, n_items: int = 40, *, seed: int = 5) -> Ratings:
    """Users and films of two kinds; those of one's own kind are rated more often, and with more stars."""
    rng = np.random.default_rng(seed)
    alike = np.arange(n_users)[:, None] % 2 == np.arange(n_items)[None, :] % 2
    users, items = np.nonzero(rng.random((n_users, n_items)) < np.where(alike, 0.6, 0.15))
    stars = np.where(alike[users, items], 4.0, 2.5) + rng.integers(-1, 2, users.size) / 2
    return Ratings.from_arrays(users + 1, items + 1, stars, 10**9 + rng.permutation(users.size))


def csv_write(path: Path, ratings: Ratings) -> Path:
    header = "userId,movieId,rating" + ("" if ratings.times is None else ",timestamp")
    columns: list[list[float]] = [each.tolist() for each in (ratings.user_ids, ratings.item_ids, ratings.values)]
    columns += [] if ratings.times is None else [ratings.times.tolist()]
    rows = (",".join(str(value) for value in row) for row in zip(*columns, strict=True))
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path
