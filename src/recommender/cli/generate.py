"""`matinee generate`: write synthetic ratings."""

import argparse
import time
from pathlib import Path

from recommender.cli.output import write_line
from recommender.cli.parsing import Commands, add_command, add_seed, whole_number
from recommender.data.synthetic import write_synthetic
from recommender.data.synthetic_model import MOST_FACTORS, MOST_ITEMS, MOST_USERS, STRUCTURES, SyntheticConfig
from recommender.errors import ConfigError
from recommender.progress import show_progress


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "generate",
        summary="write synthetic ratings",
        description="Each user rates distinct movies. The same seed gives the same file, on any number of cores.",
        examples="""
matinee generate --users 1000 --movies 500 --per-user 20 --out ratings.csv
matinee generate --users 1000000 --movies 1000 --per-user 30 --seed 7 --out ratings.parquet
matinee generate --users 200 --movies 50 --per-user 50 --structure uniform --timestamps --out chance.csv
""",
    )
    users, movies = whole_number(least=1, most=MOST_USERS), whole_number(least=1, most=MOST_ITEMS)
    factors = whole_number(least=0, most=MOST_FACTORS)
    parser.add_argument("--users", type=users, default=1000, metavar="N", help="how many users, 1…N (1000)")
    parser.add_argument("--movies", type=movies, default=1000, metavar="N", help="how many movies, 1…N (1000)")
    parser.add_argument("--per-user", type=movies, default=30, metavar="N", help="movies that each user rates (30)")
    parser.add_argument(
        "--structure",
        choices=STRUCTURES,
        default="latent",
        help="latent (the default): latent factors, biases, noise and popularity; uniform: pure chance",
    )
    parser.add_argument("--factors", type=factors, default=8, metavar="K", help="number of latent factors (8)")
    parser.add_argument("--timestamps", action="store_true", help="add a column of times, in Unix seconds")
    add_seed(parser)
    parser.add_argument(
        "-o", "--out", "--output", type=Path, required=True, metavar="FILE", help="file to write: .csv or .parquet"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the file and return the exit status."""
    if arguments.per_user > arguments.movies:
        raise ConfigError(f"--per-user is {arguments.per_user}: there are only {arguments.movies} movies (--movies).")
    config = SyntheticConfig(
        n_users=arguments.users,
        n_items=arguments.movies,
        per_user=arguments.per_user,
        structure=arguments.structure,
        n_factors=arguments.factors,
        timed=arguments.timestamps,
        seed=arguments.seed,
    )
    total = config.n_users * config.per_user
    started = time.perf_counter()
    with show_progress("Generating", total=total, unit="ratings") as advance:
        write_synthetic(config, arguments.out, on_rows=advance)
    seconds, size = time.perf_counter() - started, arguments.out.stat().st_size
    write_line(f"Wrote {total:,} ratings to {arguments.out}: {size / 1e6:,.1f} MB in {seconds:.1f} s.")
    return 0
