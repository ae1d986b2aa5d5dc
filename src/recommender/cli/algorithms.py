"""`matinee algorithms`: which there are, and what can be set in one."""

import argparse
import dataclasses

from recommender.algorithms import ALGORITHMS, algorithm_config, algorithm_named, algorithm_space
from recommender.cli.output import line_write, table_write
from recommender.cli.parsing import Commands, parser_added
from recommender.space import Choices, Floats, Ints, Scalar


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = parser_added(
        commands,
        "algorithms",
        summary="list the algorithms, or the settings of one",
        examples="matinee algorithms\nmatinee algorithms svd",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the algorithm whose settings to list")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the list; exit status."""
    if arguments.name is None:
        table_write(("algorithm", "what it is"), [(each.name, each.summary) for each in ALGORITHMS.values()])
        return 0
    algorithm = algorithm_named(arguments.name)
    line_write(f"{algorithm.name}: {algorithm.summary}")
    if algorithm.extra:
        line_write(f"Training it needs the package {algorithm.extra}.")
    if algorithm.needs_catalogue:
        line_write("Training it needs a catalogue of genres and keywords.")
    line_write()
    table_write(("setting", "type", "default", "a search tries"), _settings(algorithm.name))
    return 0


def _settings(name: str) -> list[tuple[str, str, str, str]]:
    """Name, type, default and search range of each setting."""
    config, space = algorithm_config(name), algorithm_space(name)
    rows = []
    for field in dataclasses.fields(config):
        kind = str(getattr(field.type, "__name__", field.type))
        rows.append((field.name, kind, str(getattr(config, field.name)), _range(space.get(field.name))))
    return rows


def _range(tried: Floats | Ints | Choices | None) -> str:
    if tried is None:
        return ""
    if isinstance(tried, Choices):
        return ", ".join(_text(value) for value in tried.values)
    return f"{_text(tried.low)} to {_text(tried.high)}" + (", by its logarithm" if tried.log else "")


def _text(value: Scalar) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
