"""Cost of a refresh of suggestions if few users have changed, compared with a refresh of all users.

    python benchmarks/refresh_changed.py                   # 100,000 users, 3 million ratings, 1 % changed
    python benchmarks/refresh_changed.py --changed 0.05
    python benchmarks/refresh_changed.py --quick           # 10,000 users

`createmoviesuggestions`, a process of its own with its start, in a temporary folder with an embedded PostgreSQL, which
is removed afterwards: for all users, for none, and three times for the users whose ratings have changed since.
"""

import harness

TOP = ("--max", "100")
CHANGE = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('''WITH chosen AS (SELECT id FROM accounts_user ORDER BY random() LIMIT {n_changed}),
        rated AS (UPDATE movies_rating SET value = 5.5 - value FROM chosen WHERE user_id = chosen.id)
        UPDATE accounts_user SET ratings_changed_at = clock_timestamp() FROM chosen
        WHERE accounts_user.id = chosen.id''')
"""


def main() -> None:
    options = harness.parser(
        __doc__,
        users=100_000,
        movies=9_000,
        factors=100,
        ratings_per_user=30,
        changed=(0.01, "share of the users"),
        quick="a tenth of the users",
    ).parse_args()
    if options.quick:
        options.users //= 10
    n_changed = round(options.users * options.changed)
    with harness.temporary_site() as site:
        site.random_world(options.users, options.movies, options.factors, options.ratings_per_user)
        everyone = min(site.manage(*harness.REFRESH_ALL, *TOP, rows=options.users) for _ in range(2))
        unchanged = min(site.manage("createmoviesuggestions", *TOP) for _ in range(2))
        few = []
        for _ in range(3):
            site.python(CHANGE.format(n_changed=n_changed), name=f"{n_changed:,} users change")
            few.append(site.manage("createmoviesuggestions", *TOP, rows=n_changed))
    print(f"all, {options.users:,} users   {everyone:.2f} s")
    print(f"the {n_changed:,} who changed     {min(few):.2f} s, {min(few) / everyone:.0%} of that")
    print(f"no user changed           {unchanged:.2f} s")


if __name__ == "__main__":
    main()
