"""Training data and test cases of the command line: from files, or by a split of one file."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from recommender.algorithms import get_algorithm
from recommender.cli.parsing import add_seed, whole_number
from recommender.errors import ConfigError
from recommender.evaluation.compare import RANKING, STARS

if TYPE_CHECKING:
    from recommender.data.catalogue import Catalogue
    from recommender.data.ratings import Ratings
    from recommender.data.splits import Split
    from recommender.evaluation.ranking import LeaveLastOut

PROTOCOLS = (STARS, RANKING)
SPLITS = ("time", "last", "random")
_TEST_FRACTION, _N_NEGATIVES = 0.1, 99


class RatingTestCases(NamedTuple):
    """`split_by`: the kind of split; `n_left_out`: training ratings left out because they are test ratings."""

    split: "Split"
    split_by: str
    n_left_out: int


class RankingTestCases(NamedTuple):
    """The same as `RatingTestCases`, for leave-last-out."""

    task: "LeaveLastOut"
    split_by: str
    n_left_out: int


def add_test_case_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for training data and test cases."""
    data = parser.add_argument_group("ratings")
    data.add_argument("--ratings", type=Path, metavar="FILE", help="split these ratings into training and test")
    data.add_argument("--train", type=Path, metavar="FILE", help="training ratings")
    data.add_argument("--test", type=Path, metavar="FILE", help="with --train: predict the stars of these ratings")
    data.add_argument(
        "--test-items",
        "--last",
        dest="last",
        type=Path,
        metavar="FILE",
        help="with --train: userId,movieId, the held-out film of each user",
    )
    data.add_argument(
        "--negatives",
        type=Path,
        metavar="FILE",
        help="movie ids to rank each film against, a line for each of --test-items",
    )
    data.add_argument(
        "--negatives-n",
        type=whole_number(least=0),
        metavar="N",
        help=f"without --negatives: draw N per user ({_N_NEGATIVES}); 0 for none",
    )
    add_split_arguments(data)
    data.add_argument("--ignore-times", action="store_true", help="ignore timestamps")
    data.add_argument("--movies", type=Path, metavar="FILE", help="genres and keywords: a movies file or a data set")
    add_seed(parser)


def add_split_arguments(parser: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Add the arguments for splits."""
    parser.add_argument(
        "--split",
        choices=SPLITS,
        help="with --ratings: test on the newest, the last of each user, or random ones (default: time, if known)",
    )
    parser.add_argument(
        "--test-fraction",
        type=fraction,
        default=_TEST_FRACTION,
        metavar="F",
        help=f"share of ratings to test on ({_TEST_FRACTION})",
    )


def fraction(text: str) -> float:
    """Parse a number between 0 and 1, as a type for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1, both excluded")
    return number


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--set`, which takes several settings and may be repeated."""
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        dest="settings",
        metavar="KEY=VALUE",
        help="settings of the algorithm (see: matinee algorithms NAME)",
    )


def make_rating_test_cases(arguments: argparse.Namespace) -> RatingTestCases:
    """Return the training ratings and those to predict; ConfigError for contradicting arguments."""
    from recommender.data.splits import Split, exclude_pairs  # noqa: PLC0415 - see Command.

    _refuse_unused(arguments, ("last", "negatives", "negatives_n"), f"--protocol {RANKING}")
    if arguments.ratings is not None:
        _refuse_unused(arguments, ("train", "test"), "training and test files, without --ratings")
        split, split_by = make_split(load_ratings(arguments.ratings, arguments), arguments)
        return RatingTestCases(split, split_by, 0)
    if arguments.train is None or arguments.test is None:
        raise ConfigError("Ratings are missing: give --train and --test, or --ratings to be split.")
    train, test = load_ratings(arguments.train, arguments), load_ratings(arguments.test, arguments)
    kept = exclude_pairs(train, test.user_ids, test.item_ids)
    return RatingTestCases(Split(kept, test), "files", len(train) - len(kept))


def make_ranking_test_cases(arguments: argparse.Namespace) -> RankingTestCases:
    """Return the training ratings and the films to rank; ConfigError for contradicting arguments."""
    from recommender.data.test_cases import read_negatives_file  # noqa: PLC0415 - see Command.

    _refuse_unused(arguments, ("test",), f"--protocol {STARS}")
    cases = _last_split(arguments) if arguments.ratings is not None else _last_files(arguments)
    task, n_drawn = cases.task, _N_NEGATIVES if arguments.negatives_n is None else arguments.negatives_n
    if arguments.negatives is not None:
        _refuse_unused(arguments, ("negatives_n",), "negatives that are drawn, without --negatives")
        task = replace(task, negatives=read_negatives_file(arguments.negatives, n_rows=task.user_ids.size))
    elif n_drawn:
        task = task.with_negatives(n_drawn, seed=arguments.seed)
    return cases._replace(task=task)


def load_ratings(path: Path, arguments: argparse.Namespace) -> "Ratings":
    """Return the ratings of a file, without times for `--ignore-times`."""
    from recommender.data.files import read_ratings_file  # noqa: PLC0415 - see Command.

    read = read_ratings_file(path)
    return replace(read, times=None) if arguments.ignore_times else read


def make_split(ratings: "Ratings", arguments: argparse.Namespace) -> tuple["Split", str]:
    """Split `ratings`, by default by time if times are known; return the parts and the kind of split."""
    from recommender.data.splits import last_out_split, random_split, time_split  # noqa: PLC0415 - see Command.

    split_by = arguments.split or ("random" if ratings.times is None else "time")
    if split_by == "time":
        return time_split(ratings, test_fraction=arguments.test_fraction), split_by
    if split_by == "last":
        return last_out_split(ratings), split_by
    return random_split(ratings, test_fraction=arguments.test_fraction, seed=arguments.seed), split_by


def load_catalogue(arguments: argparse.Namespace) -> "Catalogue | None":
    """Load the catalogue that `--movies` names, if any; ConfigError if `--algorithm` needs one."""
    from recommender.data.catalogue_files import read_catalogue  # noqa: PLC0415 - see Command.

    if arguments.movies is not None:
        return read_catalogue(arguments.movies)
    if get_algorithm(arguments.algorithm).needs_catalogue:
        raise ConfigError(f"{arguments.algorithm} needs genres and keywords of films: give --movies.")
    return None


def _last_split(arguments: argparse.Namespace) -> RankingTestCases:
    from recommender.data.splits import last_out_split, one_out_split  # noqa: PLC0415 - see Command.
    from recommender.evaluation.ranking import LeaveLastOut  # noqa: PLC0415

    _refuse_unused(arguments, ("train", "last", "negatives"), "training and test files, without --ratings")
    ratings = load_ratings(arguments.ratings, arguments)
    split_by = arguments.split or ("random" if ratings.times is None else "last")
    if split_by == "time":
        raise ConfigError("--split is time, but a ranking tests one film of each user: use last or random.")
    split = last_out_split(ratings) if split_by == "last" else one_out_split(ratings, seed=arguments.seed)
    return RankingTestCases(LeaveLastOut.from_split(split), split_by, 0)


def _last_files(arguments: argparse.Namespace) -> RankingTestCases:
    from recommender.data.splits import exclude_pairs  # noqa: PLC0415
    from recommender.data.test_cases import read_last_file  # noqa: PLC0415 - see Command.
    from recommender.evaluation.ranking import LeaveLastOut  # noqa: PLC0415

    if arguments.train is None or arguments.last is None:
        raise ConfigError("Ratings are missing: give --train and --last, or --ratings to be split.")
    users, movies = read_last_file(arguments.last)
    train = load_ratings(arguments.train, arguments)
    kept = exclude_pairs(train, users, movies)
    return RankingTestCases(LeaveLastOut(kept, users, movies), "files", len(train) - len(kept))


def _refuse_unused(arguments: argparse.Namespace, names: Sequence[str], purpose: str) -> None:
    """Raise ConfigError for arguments that would have no effect."""
    for name in names:
        if getattr(arguments, name) is not None:
            raise ConfigError(f"--{name.replace('_', '-')} is for {purpose}: leave it out.")
