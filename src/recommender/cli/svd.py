"""`matinee svd`: train SVD or NSVD by gradient descent on small batches and print each step."""

import argparse
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recommender.cli.output import write_line
from recommender.cli.parsing import Commands, Parser, add_command, add_seed, whole_number
from recommender.errors import DataError

if TYPE_CHECKING:
    from recommender.data.ratings import Ratings
    from recommender.data.splits import Split
    from recommender.factors.minibatch import MiniBatchConfig
    from recommender.factors.model import FactorModel

# Millions of ratings: the file to which `matinee download` unpacks that MovieLens set; and the folders to look in.
EXAMPLES = {1: "ml-1m/ratings.dat", 10: "ml-10M100K/ratings.dat", 20: "ml-20m/ratings.csv"}
FOLDERS = (Path("movielens"), Path())
_HELD_OUT = 0.1
_SHOWN = 10
_WIDTHS = (7, 12, 12, 11)


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "svd",
        summary="train SVD or NSVD by gradient descent on small batches, step by step",
        description="Trains on a random 80 % of the ratings. Another 10 % select the best of the reported steps (*).\n"
        "The last 10 % give the held-out error at the end.",
        examples="""
matinee svd --path ratings.csv
matinee svd -p ml-1m/ratings.dat -s 20000 -d 20
matinee svd --example 10 --model nsvd --nsvd-size max
""",
    )
    count = whole_number(least=1)
    parser.add_argument("-p", "--path", type=Path, metavar="FILE", help="ratings: CSV, Parquet, ratings.dat or u.data")
    parser.add_argument(
        "-e",
        "--example",
        type=int,
        choices=EXAMPLES,
        default=1,
        help="without --path: the MovieLens set of so many million ratings, in movielens/ or here (1)",
    )
    parser.add_argument("-b", "--batch", type=count, default=700, metavar="N", help="ratings in a step (700)")
    parser.add_argument("-s", "--steps", type=count, default=7000, metavar="N", help="number of steps (7000)")
    parser.add_argument("-d", "--dimension", type=count, default=12, metavar="K", help="length of the vectors (12)")
    parser.add_argument("-r", "--reg", type=float, default=0.0003, metavar="X", help="regularisation (0.0003)")
    parser.add_argument("-l", "--learning", type=float, default=0.001, metavar="X", help="learning rate (0.001)")
    parser.add_argument("-m", "--momentum", type=float, default=0.926, metavar="X", help="momentum (0.926)")
    _add_report_arguments(parser)
    add_seed(parser)
    parser.set_defaults(run=run)


def _add_report_arguments(parser: Parser) -> None:
    parser.add_argument(
        "-i", "--info", choices=("True", "False"), default="True", help="whether to report the steps (True)"
    )
    parser.add_argument("-M", "--model", choices=("svd", "nsvd"), default="svd", help="which model (svd)")
    parser.add_argument(
        "-S",
        "--nsvd-size",
        "--nsvd_size",
        choices=("max", "mean", "min"),
        default="mean",
        help="nsvd: films per history, the largest, mean or smallest number of ratings of a user (mean)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, report and print the figures; return the exit status."""
    from recommender.data.files import read_ratings_file  # noqa: PLC0415 - only this command needs what it loads.
    from recommender.data.splits import random_split  # noqa: PLC0415
    from recommender.factors.minibatch import MiniBatchConfig  # noqa: PLC0415

    config = MiniBatchConfig(
        model=arguments.model,
        size=arguments.nsvd_size,
        n_factors=arguments.dimension,
        batch_size=arguments.batch,
        n_steps=arguments.steps,
        learning_rate=arguments.learning,
        momentum=arguments.momentum,
        regularisation=arguments.reg,
        seed=arguments.seed,
    )
    ratings = read_ratings_file(_path(arguments))
    if len(ratings) < 1 / _HELD_OUT:
        raise DataError(f"There are {len(ratings)} ratings: at least ten are needed to hold some out for testing.")
    rest, held_out = random_split(ratings, test_fraction=_HELD_OUT, seed=arguments.seed)
    split = random_split(rest, test_fraction=_HELD_OUT / (1 - _HELD_OUT), seed=arguments.seed)
    write = write_line if arguments.info == "True" else _silent
    started = time.perf_counter()
    model = _best(split, config, write)
    _conclusion_write(model, held_out, config.n_steps, time.perf_counter() - started)
    return 0


def _path(arguments: argparse.Namespace) -> Path:
    if arguments.path is not None:
        given: Path = arguments.path
        return given
    paths = [folder / EXAMPLES[arguments.example] for folder in FOLDERS]
    for path in paths:
        if path.is_file():
            return path
    raise DataError(
        f"There is neither {paths[0]} nor {paths[1]}: name a file with --path, or get this one by "
        f"`matinee download {arguments.example}m`."
    )


def _best(split: "Split", config: "MiniBatchConfig", write: Callable[[str], None]) -> "FactorModel":
    """Train, report after every thousandth step, and return the model with the lowest error on the test ratings."""
    from recommender.factors.minibatch import train_minibatch  # noqa: PLC0415 - see `run`.

    best, least, since = None, float("inf"), time.perf_counter()
    write(_row("step", "batch_error", "test_error ", "elapsed"))
    for step, batch_error, model in train_minibatch(split.train, config):
        test_error = _error(model, split.test)
        star = "*" if test_error < least else " "
        if test_error < least:
            best, least = model, test_error
        now = time.perf_counter()
        write(_row(str(step), f"{batch_error:.6f}", f"{test_error:.6f}{star}", f"{now - since:.3f} s"))
        since = now
    if best is None:
        raise DataError("Training did not improve the error: lower --learning.")
    return best


def _row(*cells: str) -> str:
    return "".join(cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True))


def _error(model: "FactorModel", ratings: "Ratings") -> float:
    from recommender.contract import predict_or_fallback  # noqa: PLC0415 - see `run`.
    from recommender.evaluation.metrics import rmse  # noqa: PLC0415

    return rmse(ratings.values, predict_or_fallback(model, ratings.user_ids, ratings.item_ids))


def _conclusion_write(model: "FactorModel", held_out: "Ratings", n_steps: int, seconds: float) -> None:
    from recommender.contract import predict_or_fallback  # noqa: PLC0415 - see `run`.

    days, rest = divmod(timedelta(seconds=int(seconds)), timedelta(days=1))
    write_line()
    write_line(f"The training of {n_steps:,} steps took {seconds:.2f} seconds: {days} days and {rest}.")
    write_line(f"Held-out error (RMSE on {len(held_out):,} ratings not seen before): {_error(model, held_out):.6f}")
    write_line()
    chosen = np.unique(np.linspace(0, len(held_out) - 1, _SHOWN).astype(np.int64))
    users, items, real = held_out.user_ids[chosen], held_out.item_ids[chosen], held_out.values[chosen]
    write_line("   user   movie  predicted  real")
    for user, item, guess, value in zip(users, items, predict_or_fallback(model, users, items), real, strict=True):
        write_line(f"{user:7}{item:8}{guess:11.4f}{value:6.1f}")


def _silent(text: str) -> None:
    """Write nothing."""
