"""`matinee algorithms`: list the algorithms, or the settings of one."""

import argparse
import dataclasses

from recommender.algorithms import ALGORITHMS, get_algorithm, get_search_space, make_config
from recommender.cli.output import write_line, write_table
from recommender.cli.parsing import Commands, add_command
from recommender.search_space import Choices, Floats, Ints, Scalar


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "algorithms",
        summary="list the algorithms, or the settings of one",
        examples="matinee algorithms\nmatinee algorithms svd",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="the algorithm whose settings to list")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the list and return the exit status."""
    if arguments.name is None:
        write_table(("algorithm", "summary"), [(each.name, each.summary) for each in ALGORITHMS.values()])
        return 0
    algorithm = get_algorithm(arguments.name)
    write_line(f"{algorithm.name}: {algorithm.summary}")
    if algorithm.extra:
        write_line(f"Training it needs the package {algorithm.extra}.")
    if algorithm.needs_catalogue:
        write_line("Training it needs a catalogue of genres and keywords.")
    write_line()
    write_table(("setting", "type", "default", "search range"), _settings(algorithm.name))
    return 0


def _settings(name: str) -> list[tuple[str, str, str, str]]:
    """Return name, type, default and search range of each setting."""
    config, space = make_config(name), get_search_space(name)
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
    return f"{_text(tried.low)} to {_text(tried.high)}" + (" (logarithmic)" if tried.log else "")


def _text(value: Scalar) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
