"""What the pipeline takes, command by command, each in a process of its own: seconds and peak memory.

    python benchmarks/pipeline.py DATASET [--ratings full]   # imports DATASET, then runs the pipeline
    python benchmarks/pipeline.py --users 50000 --movies 9000 --factors 100   # random ratings and random factors

Everything happens in an empty folder with embedded servers, which are removed afterwards. With random factors nothing
is trained: the question is then what `createmoviesuggestions` needs for that many users, with their trained parameters
and when all of them have rated since.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"
RATINGS_PER_USER = 100
SECONDS_TO_STOP = 6
RANDOM_WORLD = """
import django; django.setup()
from pathlib import Path
import numpy as np
from django.conf import settings
from django.db import connection
from django.utils import timezone
from movies.models import ModelVersion
from recommender.artifacts import Provenance
from recommender.data.vocabulary import Vocabulary
from recommender.factors.foldin import FoldInPenalty
from recommender.factors.model import FactorModel
n_users, n_movies, n_factors, per_user = {sizes}
with connection.cursor() as cursor:
    cursor.execute('''INSERT INTO movies_movie (id, title, original_title, overview, poster_path, genres, keywords,
        "cast", directors, ratings_count, ratings_sum, created_at, updated_at)
        SELECT n, 'Film ' || n, '', '', '', '{{}}', '{{}}', '{{}}', '{{}}', 0, 0, now(), now()
        FROM generate_series(1, %s) n''', [n_movies])
    cursor.execute('''INSERT INTO accounts_user (id, password, is_superuser, username, first_name, last_name, email,
        is_staff, is_active, date_joined, kind, crowd_source, crowd_key)
        SELECT n, '!', false, 'crowd-' || n, '', '', '', false, false, now(), 'crowd', 'random', n
        FROM generate_series(1, %s) n''', [n_users])
    cursor.execute('''INSERT INTO movies_rating (user_id, movie_id, value, created_at)
        SELECT DISTINCT ON (u, m) u, m, v, now() FROM (
            SELECT u, 1 + floor(random() ^ 3 * %s)::int AS m, ceil(random() * 10) / 2 AS v
            FROM generate_series(1, %s) u, generate_series(1, %s)) drawn''', [n_movies, n_users, per_user])
    cursor.execute("ANALYZE")
rng = np.random.default_rng(0)
model = FactorModel(
    users=Vocabulary(np.arange(1, n_users + 1)), items=Vocabulary(np.arange(1, n_movies + 1)), global_mean=3.5,
    user_biases=rng.normal(0, 0.3, n_users).astype("f4"), item_biases=rng.normal(0, 0.3, n_movies).astype("f4"),
    user_factors=rng.normal(0, 0.1, (n_users, n_factors)).astype("f4"),
    item_factors=rng.normal(0, 0.1, (n_movies, n_factors)).astype("f4"), fold_in_penalty=FoldInPenalty(10.0, 0.02))
model.save(Path(settings.MODELS_DIR) / "random", Provenance("random", {{}}, seed=0, dataset="0" * 64))
ModelVersion.objects.create(algorithm="random", folder="random", state="live", snapshot_checksum="0" * 64,
    n_users=n_users, n_movies=n_movies, n_ratings=0, trained_until=timezone.now())
"""
KEEPER = """
import sys, django; django.setup()
from django.db import connection
connection.ensure_connection()
sys.stdin.read()
"""
EVERYONE_CHANGED = """
import django; django.setup()
from django.db.models.functions import Now
from accounts.models import User
User.objects.update(ratings_changed_at=Now())
"""
ALL_AGAIN = ["createmoviesuggestions", "--reuse-suggestions-up-to-days", "0"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, nargs="?")
    parser.add_argument("--ratings", default="small", help="of DATASET: small or full")
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--movies", type=int, default=9_000)
    parser.add_argument("--factors", type=int, default=100)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="matinee-benchmark-"))
    # Hold the embedded servers for the whole time, as the processes of a site would.
    keeper = subprocess.Popen([sys.executable, "-c", KEEPER], env=environment(folder), stdin=subprocess.PIPE)
    try:
        run(folder, manage("migrate", "--verbosity=0"))
        if options.dataset:
            on_dataset(folder, options.dataset, options.ratings)
        else:
            on_random_world(folder, (options.users, options.movies, options.factors, RATINGS_PER_USER))
    finally:
        keeper.communicate()
        # The servers stop two seconds after the last process that used them, and tidy up meanwhile.
        time.sleep(SECONDS_TO_STOP)
        shutil.rmtree(folder)


def on_dataset(folder: Path, dataset: Path, ratings: str) -> None:
    run(folder, manage("importdataset", str(dataset.resolve()), "--ratings", ratings))
    seconds = [
        run(folder, manage(command)) for command in ("exportdatasets", "trainsurprisemodel", "createmoviesuggestions")
    ]
    print(f"export + train + suggestions: {sum(seconds):.1f} s")
    run(folder, manage(*ALL_AGAIN))


def on_random_world(folder: Path, sizes: tuple[int, int, int, int]) -> None:
    run(folder, [sys.executable, "-c", RANDOM_WORLD.format(sizes=sizes)])
    run(folder, manage("exportdatasets"))
    seconds = min(run(folder, manage(*ALL_AGAIN)) for _ in range(3))
    print(f"best: {sizes[0] * sizes[1] / seconds:,.0f} pairs of user and movie per second, written and switched")
    run(folder, [sys.executable, "-c", EVERYONE_CHANGED])
    run(folder, manage(*ALL_AGAIN))
    run(folder, manage("createmoviesuggestions"))


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(SOURCES / "manage.py"), *arguments]


def environment(folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    own = {"VAR_DIR": str(folder), "PYTHONPATH": str(SOURCES), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return {**inherited, **own, "LOG_LEVEL": "WARNING"}


def run(folder: Path, command: list[str]) -> float:
    """Run a command, print what it took, and return its seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment(folder))
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[1:3]} failed")
    name = " ".join([Path(command[1]).name, command[2]]) if command[1] != "-c" else "preparation"
    print(
        f"  {name:40} {seconds:6.1f} s  peak {peak_megabytes(usage):5.0f} MB",
        flush=True,
    )
    return seconds


def peak_megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)


if __name__ == "__main__":
    main()
