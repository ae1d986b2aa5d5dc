"""What a refresh of suggestions costs when few users have changed, beside one of everybody, in one run.

    python benchmarks/refresh_changed.py                   # 100,000 users, 3 million ratings, 1 % changed
    python benchmarks/refresh_changed.py --changed 0.05
    python benchmarks/refresh_changed.py --quick           # 10,000 users

`createmoviesuggestions`, a process of its own with its start, in a temporary folder with an embedded PostgreSQL, which
is removed afterwards: for everybody, for nobody, and three times for the users whose ratings have changed since.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.random_world import RANDOM_WORLD
from benchmarks.site_processes import temporary_site

CHANGE = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''WITH chosen AS (SELECT id FROM accounts_user ORDER BY random() LIMIT {n_changed}),
        rated AS (UPDATE movies_rating SET value = 5.5 - value FROM chosen WHERE user_id = chosen.id)
        UPDATE accounts_user SET ratings_changed_at = clock_timestamp() FROM chosen
        WHERE accounts_user.id = chosen.id''')
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--movies", type=int, default=9_000)
    parser.add_argument("--factors", type=int, default=100)
    parser.add_argument("--ratings-per-user", type=int, default=30)
    parser.add_argument("--changed", type=float, default=0.01, help="share of the users")
    parser.add_argument("--quick", action="store_true", help="a tenth of the users")
    options = parser.parse_args()
    if options.quick:
        options.users //= 10
    n_changed = round(options.users * options.changed)
    sizes = (options.users, options.movies, options.factors, options.ratings_per_user)
    with temporary_site() as site:
        site.python(RANDOM_WORLD.format(sizes=sizes), name="a random world")
        everybody = min(site.manage(*SUGGEST, "--reuse-suggestions-up-to-days", "0", rows=sizes[0]) for _ in range(2))
        nobody = min(site.manage(*SUGGEST) for _ in range(2))
        few = []
        for _ in range(3):
            site.python(CHANGE.format(n_changed=n_changed), name=f"{n_changed:,} users change")
            few.append(site.manage(*SUGGEST, rows=n_changed))
    print(f"everybody, {options.users:,} users   {everybody:.2f} s")
    print(f"the {n_changed:,} who changed     {min(few):.2f} s, {min(few) / everybody:.0%} of that")
    print(f"nobody                    {nobody:.2f} s")


SUGGEST = ("createmoviesuggestions", "--max", "100")


if __name__ == "__main__":
    main()
