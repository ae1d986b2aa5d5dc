"""`matinee evaluate`: train an algorithm and measure it on held-out ratings."""

import argparse
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.algorithms import make_config, make_estimator, parse_settings
from recommender.artifacts import library_versions
from recommender.cli.output import check_path, write_json, write_table
from recommender.cli.parsing import Commands, add_command
from recommender.cli.test_cases import (
    PROTOCOLS,
    add_settings_argument,
    add_test_case_arguments,
    load_catalogue,
    make_ranking_test_cases,
    make_rating_test_cases,
)
from recommender.evaluation.compare import RANKING, STARS
from recommender.progress import show_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recommender.contract import Epoch, Estimator, OnEpoch
    from recommender.data.catalogue import Catalogue
    from recommender.evaluation.report import Report

_EXAMPLES = """
matinee evaluate --algorithm svd --ratings ratings.csv
matinee evaluate --algorithm surprise-svd --train u1.base --test u1.test --set n_epochs=40 --json out.json
matinee evaluate --algorithm ease --protocol ranking --ratings ratings.csv --movies movies.csv
matinee evaluate --algorithm house --protocol ranking --train train.csv --last last.csv --negatives negatives.txt
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "evaluate",
        summary="train an algorithm and measure it on held-out ratings",
        description=(
            "Stars: RMSE and MAE of predicted ratings. Ranking: the rank of one held-out film of each user.\n"
            "Test ratings are never trained on. docs/evaluation.md defines the figures."
        ),
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "--algorithm", required=True, metavar="NAME", help="algorithm to train (see: matinee algorithms)"
    )
    add_settings_argument(parser)
    parser.add_argument("--protocol", choices=PROTOCOLS, help=f"protocol ({STARS}; {RANKING} with --test-items)")
    add_test_case_arguments(parser)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file, too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, evaluate and print the report; return the exit status."""
    check_path(arguments.json)
    settings = parse_settings(arguments.algorithm, arguments.settings)
    config = asdict(make_config(arguments.algorithm, settings, seed=arguments.seed))
    catalogue = load_catalogue(arguments)
    estimator = make_estimator(arguments.algorithm, settings, seed=arguments.seed, catalogue=catalogue)
    protocol = arguments.protocol or (RANKING if arguments.last is not None else STARS)
    report = {
        "algorithm": arguments.algorithm,
        "protocol": protocol,
        **(_stars(estimator, arguments) if protocol == STARS else _evaluate_ranking(estimator, arguments, catalogue)),
        "seed": config["seed"],
        "config": config,
        "versions": library_versions(),
    }
    if arguments.json is not None:
        write_json(arguments.json, report)
    write_table(("figure", arguments.algorithm), list(_rows(report)), right=(1,))
    return 0


def _stars(estimator: "Estimator", arguments: argparse.Namespace) -> "Report":
    from recommender.evaluation.report import report_accuracy  # noqa: PLC0415 - see Command.

    split, split_by, n_left_out = make_rating_test_cases(arguments)
    with _show_epochs(arguments.algorithm) as on_epoch:
        report = report_accuracy(estimator, split, on_epoch)
    return {"split": split_by, **report, "n_left_out": n_left_out}


def _evaluate_ranking(estimator: "Estimator", arguments: argparse.Namespace, catalogue: "Catalogue | None") -> "Report":
    from recommender.evaluation.report import report_ranking  # noqa: PLC0415 - see Command.

    task, split_by, n_left_out = make_ranking_test_cases(arguments)
    with _show_epochs(arguments.algorithm) as on_epoch:
        report = report_ranking(estimator, task, catalogue=catalogue, on_epoch=on_epoch)
    return {"split": split_by, **report, "n_left_out": n_left_out}


@contextmanager
def _show_epochs(algorithm: str) -> "Iterator[OnEpoch]":
    with show_progress(f"Training {algorithm}", total=None, unit="epochs") as advance:

        def on_epoch(_: "Epoch") -> None:
            advance(1)

        yield on_epoch


def _rows(report: Mapping[str, Any], prefix: str = "") -> "Iterator[tuple[str, str]]":
    """Yield the figures of a report by their names, those of a group after the name of the group."""
    for name, value in report.items():
        if name in {"algorithm", "config", "versions"}:
            continue
        if isinstance(value, Mapping):
            yield from _rows(value, prefix=f"{name} ")
        elif isinstance(value, float):
            yield f"{prefix}{name}", f"{value:.1f}" if name == "peak_memory_mb" else f"{value:.4f}"
        else:
            yield f"{prefix}{name}", "unknown" if value is None else f"{value:,}" if isinstance(value, int) else value
