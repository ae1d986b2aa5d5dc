"""`matinee evaluate`: train an algorithm and measure it on what was kept from it."""

import argparse
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.algorithms import algorithm_config, algorithm_estimator, settings_parsed
from recommender.artifacts import library_versions
from recommender.cli.output import json_write, path_checked, table_write
from recommender.cli.parsing import Commands, parser_added
from recommender.cli.progress import progress_shown
from recommender.cli.questions import (
    PROTOCOLS,
    catalogue_of,
    questions_added,
    ranking_questions,
    settings_added,
    stars_questions,
)
from recommender.evaluation.compare import RANKING, STARS

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
    parser = parser_added(
        commands,
        "evaluate",
        summary="train an algorithm and measure it on ratings that it has not seen",
        description=(
            "Stars: RMSE and MAE of predicted ratings. Ranking: one film of each user is looked for among others.\n"
            "What is asked about is never trained on. docs/evaluation.md defines every figure."
        ),
        examples=_EXAMPLES,
    )
    parser.add_argument("--algorithm", required=True, metavar="NAME", help="which (see: matinee algorithms)")
    settings_added(parser)
    parser.add_argument("--protocol", choices=PROTOCOLS, help=f"what is asked ({STARS}; {RANKING} with --last)")
    questions_added(parser)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file, too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train, ask, tell; exit status."""
    path_checked(arguments.json)
    settings = settings_parsed(arguments.algorithm, arguments.settings)
    config = algorithm_config(arguments.algorithm, settings, seed=arguments.seed)
    catalogue = catalogue_of(arguments)
    estimator = algorithm_estimator(arguments.algorithm, settings, seed=arguments.seed, catalogue=catalogue)
    protocol = arguments.protocol or (RANKING if arguments.last is not None else STARS)
    report = {
        "algorithm": arguments.algorithm,
        "protocol": protocol,
        **(_stars(estimator, arguments) if protocol == STARS else _ranking(estimator, arguments, catalogue)),
        "seed": config.seed,
        "config": asdict(config),
        "versions": library_versions(),
    }
    if arguments.json is not None:
        json_write(arguments.json, report)
    table_write(("figure", arguments.algorithm), list(_rows(report)), right=(1,))
    return 0


def _stars(estimator: "Estimator", arguments: argparse.Namespace) -> "Report":
    from recommender.evaluation.report import stars_report  # noqa: PLC0415 - see Command.

    split, split_by, n_left_out = stars_questions(arguments)
    with _epochs_shown(arguments.algorithm) as on_epoch:
        report = stars_report(estimator, split, on_epoch)
    return {"split": split_by, **report, "n_left_out": n_left_out}


def _ranking(estimator: "Estimator", arguments: argparse.Namespace, catalogue: "Catalogue | None") -> "Report":
    from recommender.evaluation.report import ranking_report  # noqa: PLC0415 - see Command.

    task, split_by, n_left_out = ranking_questions(arguments)
    with _epochs_shown(arguments.algorithm) as on_epoch:
        report = ranking_report(estimator, task, catalogue=catalogue, on_epoch=on_epoch)
    return {"split": split_by, **report, "n_left_out": n_left_out}


@contextmanager
def _epochs_shown(algorithm: str) -> "Iterator[OnEpoch]":
    with progress_shown(f"Training {algorithm}", total=None, unit="epochs") as advance:

        def on_epoch(_: "Epoch") -> None:
            advance(1)

        yield on_epoch


def _rows(report: Mapping[str, Any], prefix: str = "") -> "Iterator[tuple[str, str]]":
    """The figures of a report by their names, those of a group after the name of the group."""
    for name, value in report.items():
        if name in {"algorithm", "config", "versions"}:
            continue
        if isinstance(value, Mapping):
            yield from _rows(value, prefix=f"{name} ")
        elif isinstance(value, float):
            yield f"{prefix}{name}", f"{value:.1f}" if name == "peak_memory_mb" else f"{value:.4f}"
        else:
            yield f"{prefix}{name}", "unknown" if value is None else f"{value:,}" if isinstance(value, int) else value
