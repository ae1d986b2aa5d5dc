"""`matinee compare`: evaluate several algorithms on the same data."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.algorithms import ALGORITHMS
from recommender.artifacts import library_versions
from recommender.cli.output import check_path, write_json, write_line, write_table
from recommender.cli.parsing import Commands, add_command
from recommender.cli.test_cases import PROTOCOLS, add_test_case_arguments
from recommender.errors import ConfigError
from recommender.evaluation.compare import RANKING, STARS
from recommender.progress import show_progress

if TYPE_CHECKING:
    from recommender.evaluation.compare import Contender, Result

# The arguments that each protocol takes; `evaluate` refuses others.
_PASSED: Mapping[str, Sequence[str]] = {
    STARS: ("ratings", "train", "test", "split", "test_fraction", "movies", "seed"),
    RANKING: ("ratings", "train", "last", "negatives", "negatives_n", "split", "movies", "seed"),
}
_EXAMPLES = """
matinee compare popularity bias svd ease --ratings ratings.csv --plot comparison.png
matinee compare svd svd:n_factors=50,n_epochs=40 --train u1.base --test u1.test --json comparison.json
matinee compare ease als house --protocols ranking --train train.csv --last last.csv --movies movies.csv
"""


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "compare",
        summary="evaluate several algorithms on the same ratings, side by side",
        description=(
            "Trains and evaluates each algorithm in a separate process, one after another, to measure its time and\n"
            "memory. Tables are sorted by their first figure, and a star marks the best value of each.\n"
            "docs/evaluation.md defines the figures."
        ),
        examples=_EXAMPLES,
    )
    parser.add_argument(
        "algorithms",
        nargs="*",
        metavar="NAME[:KEY=VALUE,…]",
        help="algorithms, with settings (default: all, with defaults)",
    )
    parser.add_argument(
        "--protocols", nargs="+", choices=PROTOCOLS, help="protocols to evaluate (default: all that the data allow)"
    )
    add_test_case_arguments(parser)
    parser.add_argument("--json", type=Path, metavar="OUT", help="write all figures to this file, too")
    parser.add_argument("--plot", type=Path, metavar="OUT", help="plot the figures to this .png, .svg or .pdf")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print the tables; return the exit status, 1 if every evaluation failed."""
    from recommender.evaluation.compare import Contender  # noqa: PLC0415 - see Command.
    from recommender.evaluation.plots import check_plot, plot_comparison  # noqa: PLC0415

    contenders = [Contender.parse(name) for name in arguments.algorithms or ALGORITHMS]
    protocols = {protocol: _evaluate_arguments(arguments, protocol) for protocol in _protocols(arguments)}
    check_path(arguments.json)
    check_path(arguments.plot)
    if arguments.plot is not None:
        check_plot(arguments.plot)
    results = _compare_protocols(contenders, protocols)
    if arguments.json is not None:
        figures = [result.as_json() for result in results]
        write_json(arguments.json, {"seed": arguments.seed, "versions": library_versions(), "results": figures})
    for protocol in protocols:
        _write(results, protocol)
    if all(result.error for result in results):
        return 1
    if arguments.plot is not None:
        plot_comparison(results, arguments.plot)
    return 0


def _compare_protocols(contenders: "Sequence[Contender]", protocols: Mapping[str, Sequence[str]]) -> "list[Result]":
    from recommender.evaluation.compare import compare_algorithms  # noqa: PLC0415 - see Command.

    results = []
    with show_progress("Comparing", total=len(contenders) * len(protocols), unit="evaluations") as advance:
        for result in compare_algorithms(contenders, protocols):
            results.append(result)
            advance(1)
    return results


def _protocols(arguments: argparse.Namespace) -> Sequence[str]:
    """Return the requested protocols, by default all that the data allow."""
    if arguments.protocols:
        return tuple(dict.fromkeys(arguments.protocols))
    if arguments.ratings is not None:
        return PROTOCOLS
    found = [
        protocol for protocol, name in ((STARS, "test"), (RANKING, "last")) if getattr(arguments, name) is not None
    ]
    if not found:
        raise ConfigError("Ratings are missing: give --ratings, or --train with --test or --last.")
    return found


def _evaluate_arguments(arguments: argparse.Namespace, protocol: str) -> list[str]:
    """Return the arguments of `evaluate` for a protocol of this command."""
    options = ["--ignore-times"] if arguments.ignore_times else []
    for name in _PASSED[protocol]:
        value = getattr(arguments, name)
        if value is None or (protocol == RANKING and name == "split" and value == "time"):
            continue
        options += [f"--{name.replace('_', '-')}", str(value.resolve() if isinstance(value, Path) else value)]
    return options


def _write(results: "Sequence[Result]", protocol: str) -> None:
    from recommender.evaluation.compare import best_value, measured_columns, rank_results  # noqa: PLC0415 - see Command.

    ordered = rank_results(results, protocol)
    columns = measured_columns(ordered, protocol)
    best = {column: best_value(ordered, column) for column in columns}
    rows = [
        (result.contender, *(_cell(result, column, best[column]) for column in columns))
        for result in ordered
        if not result.error
    ]
    if rows:
        write_line(f"{protocol}: {_describe_data(ordered)}")
        # One blank below each star.
        header = (protocol, *(f"{column} " for column in columns))
        write_table(header, rows, right=range(1, len(header)))
        write_line()
    for result in ordered:
        if result.error:
            sys.stderr.write(f"{result.contender}, {protocol}: {result.error}\n")


def _cell(result: "Result", column: str, best: float | None) -> str:
    value = result.figure(column)
    if value is None:
        return ""
    digits = 1 if column == "peak_memory_mb" else 2 if column.endswith("_seconds") else 4
    return f"{value:.{digits}f}" + ("*" if value == best else " ")


def _describe_data(results: "Sequence[Result]") -> str:
    """Return one line about the data, which all results share."""
    figures: Mapping[str, Any] = next(result.figures for result in results if not result.error)
    source = f"split by {figures['split']}" if figures["split"] != "files" else "from files"
    return f"{source}, {figures['n_train']:,} training ratings, {figures['n_test']:,} test cases"
