"""Seconds and peak memory of the commands of the pipeline, each in a process of its own.

    python benchmarks/pipeline.py DATASET [--ratings full]   # imports DATASET, then runs the pipeline
    python benchmarks/pipeline.py --users 50000 --movies 9000 --factors 100   # random ratings and random factors

Everything happens in an empty folder with embedded servers, which are removed afterwards. With random factors nothing
is trained: the question is then what `createmoviesuggestions` needs for that many users, with their trained parameters
and when all of them have rated since.
"""

from pathlib import Path

import harness

EVERYONE_CHANGED = """
from django.db.models.functions import Now
from accounts.models import User
User.objects.update(ratings_changed_at=Now())
"""


def main() -> None:
    parser = harness.parser(
        __doc__, ratings=("small", "of DATASET: small or full"), users=50_000, movies=9_000, factors=100
    )
    parser.add_argument("dataset", type=Path, nargs="?")
    options = parser.parse_args()
    with harness.temporary_site() as site:
        if options.dataset:
            on_dataset(site, options.dataset, options.ratings)
        else:
            on_random_world(site, options.users, options.movies, options.factors)


def on_dataset(site: harness.Site, dataset: Path, ratings: str) -> None:
    site.manage("importdataset", dataset.resolve(), "--ratings", ratings)
    seconds = [site.manage(command) for command in ("exportdatasets", "trainsurprisemodel", "createmoviesuggestions")]
    print(f"export + train + suggestions: {sum(seconds):.1f} s")
    site.manage(*harness.REFRESH_ALL)


def on_random_world(site: harness.Site, users: int, movies: int, factors: int) -> None:
    site.random_world(users, movies, factors, 100)
    site.manage("exportdatasets")
    seconds = min(site.manage(*harness.REFRESH_ALL) for _ in range(3))
    print(f"best: {users * movies / seconds:,.0f} pairs of user and movie per second, written and switched")
    site.python(EVERYONE_CHANGED, name="everyone changes")
    site.manage(*harness.REFRESH_ALL)
    site.manage("createmoviesuggestions")


if __name__ == "__main__":
    main()
