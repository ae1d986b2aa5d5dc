"""Common parts of benchmarks: the path to the sources, options, random ratings, an empty site in a temporary folder.

Import this module before any other of the project, because it puts ``src`` on the path. It loads only the standard
library, so that it adds nothing to the memory that a benchmark measures.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.data.ratings import Ratings

SOURCES = Path(__file__).resolve().parents[1] / "src"
sys.path.insert(0, str(SOURCES))

SECONDS_TO_STOP = 6
SETUP = "import django; django.setup()\n"
KEEPER = "import sys\nfrom django.db import connection\nconnection.ensure_connection()\nsys.stdin.read()\n"
# Refreshes the suggestions of all users, whatever their age.
REFRESH_ALL = ("createmoviesuggestions", "--reuse-suggestions-up-to-days", "0")
# Random users, films and ratings, and a live model of random factors that knows them all, for `Site.python`.
RANDOM_WORLD = """
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
from recommender.persistence import save_model
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

rng = np.random.default_rng(0)
model = FactorModel(
    users=Vocabulary(np.arange(1, n_users + 1)), items=Vocabulary(np.arange(1, n_movies + 1)), global_mean=3.5,
    user_biases=rng.normal(0, 0.3, n_users).astype("f4"), item_biases=rng.normal(0, 0.3, n_movies).astype("f4"),
    user_factors=rng.normal(0, 0.1, (n_users, n_factors)).astype("f4"),
    item_factors=rng.normal(0, 0.1, (n_movies, n_factors)).astype("f4"), fold_in_penalty=FoldInPenalty(10.0, 0.02))
save_model(model, Path(settings.MODELS_DIR) / "random", Provenance("random", {{}}, seed=0, dataset="0" * 64))
ModelVersion.objects.create(algorithm="random", folder="random", state="live", snapshot_checksum="0" * 64,
    n_users=n_users, n_movies=n_movies, n_ratings=0, trained_until=timezone.now())
with connection.cursor() as cursor:
    cursor.execute("VACUUM ANALYZE")
"""


def parser(description: str | None, *, quick: str = "", **options: Any) -> argparse.ArgumentParser:
    """Return a parser of ``--options``, each given as its default, its type, or a pair of either and a help text.

    A list takes several values, and ``False`` makes a switch. ``quick`` is the help text of a switch ``--quick``.
    """
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, given in {**options, **({"quick": (False, quick)} if quick else {})}.items():
        default, text = given if isinstance(given, tuple) else (given, None)
        settings: dict[str, Any] = {"default": default, "type": type(default)}
        if default is False:
            settings = {"action": "store_true"}
        elif isinstance(default, type):
            settings = {"type": default}
        elif isinstance(default, list):
            settings = {"default": default, "type": type(default[0]), "nargs": "+"}
        made.add_argument(f"--{name.replace('_', '-')}", help=text, **settings)
    return made


def read_ratings(path: Path | None, *, users: int = 6_000, items: int = 3_700, n: int = 900_000) -> "Ratings":
    """Return the ratings in a file, or ``n`` random ones by ``users`` of ``items`` without a file."""
    import numpy as np  # noqa: PLC0415 - see above.

    from recommender.data.ratings import Ratings  # noqa: PLC0415
    from recommender.data.snapshot import read_snapshot  # noqa: PLC0415

    if path:
        return read_snapshot(path)
    rng = np.random.default_rng(0)
    pairs = rng.choice(users * items, n, replace=False)
    return Ratings.from_arrays(pairs // items, pairs % items, rng.integers(1, 11, n) / 2)


def seconds_of(work: Callable[[], object]) -> float:
    """Call ``work`` and return how long it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def setup_django(environment: Mapping[str, str] | None = None) -> None:
    """Set up Django in this process, with ``environment`` in addition to its own."""
    import django  # noqa: PLC0415 - see above.

    os.environ.update({"DJANGO_SETTINGS_MODULE": "config.settings", **(environment or {})})
    django.setup()


@dataclass(frozen=True)
class Site:
    """A site that writes all of its files to ``folder``."""

    folder: Path

    def manage(self, *arguments: object, rows: int | None = None) -> float:
        """Run a command of the site, print its time and memory, and return its seconds."""
        words = [str(argument) for argument in arguments]
        return self.run([sys.executable, str(SOURCES / "manage.py"), *words], name=words[0], rows=rows)

    def python(self, code: str, *, name: str, rows: int | None = None) -> float:
        """Do the same with Python code, after Django is set up."""
        return self.run([sys.executable, "-c", SETUP + code], name=name, rows=rows)

    def random_world(self, users: int, movies: int, factors: int, ratings_per_user: int) -> None:
        """Create random users, films and ratings, and a live model."""
        self.python(RANDOM_WORLD.format(sizes=(users, movies, factors, ratings_per_user)), name="a random world")

    def run(self, command: Sequence[str], *, name: str, rows: int | None = None) -> float:
        """Run any program in the site's environment."""
        began = time.perf_counter()
        process = subprocess.Popen(command, env=self.environment())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{name} failed")
        speed = f"{rows / seconds:12,.0f} rows/s" if rows else ""
        print(f"  {name:28} {seconds:7.1f} s  peak {peak_megabytes(usage):6,.0f} MB {speed}", flush=True)
        return seconds

    def environment(self) -> dict[str, str]:
        """Return the environment of the processes of the site."""
        inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        own = {"VAR_DIR": str(self.folder), "PYTHONPATH": str(SOURCES), "DJANGO_SETTINGS_MODULE": "config.settings"}
        return {**inherited, **own, "LOG_LEVEL": "WARNING"}


@contextmanager
def temporary_site() -> Iterator[Site]:
    """Make an empty site, and remove it afterwards."""
    site = Site(Path(tempfile.mkdtemp(prefix="matinee-benchmark-")))
    # Keeps the embedded servers running for the whole time, as the processes of a site would.
    keeper = subprocess.Popen([sys.executable, "-c", SETUP + KEEPER], env=site.environment(), stdin=subprocess.PIPE)
    try:
        site.manage("migrate", "--verbosity=0")
        yield site
    finally:
        keeper.communicate()
        # The servers stop two seconds after the last process that used them.
        time.sleep(SECONDS_TO_STOP)
        shutil.rmtree(site.folder, ignore_errors=True)


def peak_megabytes(usage: resource.struct_rusage | None = None) -> float:
    """Return the peak memory of this process, or of the one that ``usage`` describes."""
    peak = (usage or resource.getrusage(resource.RUSAGE_SELF)).ru_maxrss
    return peak / (1024 if sys.platform == "linux" else 1024 * 1024)
