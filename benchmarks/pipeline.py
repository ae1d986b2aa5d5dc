"""What the pipeline takes, command by command, each in a process of its own: seconds and peak memory.

    python benchmarks/pipeline.py DATASET [--ratings full]   # imports DATASET, then runs the pipeline
    python benchmarks/pipeline.py --users 50000 --movies 9000 --factors 100   # random ratings and random factors

Everything happens in an empty folder with embedded servers, which are removed afterwards. With random factors nothing
is trained: the question is then what `createmoviesuggestions` needs for that many users, with their trained parameters
and when all of them have rated since.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.site_processes import Site, temporary_site

RATINGS_PER_USER = 100
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
EVERYONE_CHANGED = """
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
    with temporary_site() as site:
        if options.dataset:
            on_dataset(site, options.dataset, options.ratings)
        else:
            on_random_world(site, (options.users, options.movies, options.factors, RATINGS_PER_USER))


def on_dataset(site: Site, dataset: Path, ratings: str) -> None:
    site.manage("importdataset", dataset.resolve(), "--ratings", ratings)
    seconds = [site.manage(name) for name in ("exportdatasets", "trainsurprisemodel", "createmoviesuggestions")]
    print(f"export + train + suggestions: {sum(seconds):.1f} s")
    site.manage(*ALL_AGAIN)


def on_random_world(site: Site, sizes: tuple[int, int, int, int]) -> None:
    site.python(RANDOM_WORLD.format(sizes=sizes), name="random ratings and factors")
    site.manage("exportdatasets")
    seconds = min(site.manage(*ALL_AGAIN) for _ in range(3))
    print(f"best: {sizes[0] * sizes[1] / seconds:,.0f} pairs of user and movie per second, written and switched")
    site.python(EVERYONE_CHANGED, name="everyone has rated")
    site.manage(*ALL_AGAIN)
    site.manage("createmoviesuggestions")


if __name__ == "__main__":
    main()
