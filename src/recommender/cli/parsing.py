"""Declaring arguments in the same way for all commands."""

import argparse
from collections.abc import Callable
from typing import Any, NoReturn, TypeAlias

from recommender.config import LARGEST_SEED


class Parser(argparse.ArgumentParser):
    """A parser whose help keeps its line breaks and whose errors are one sentence; options are written in full."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        """End the process with status 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001 - argparse gives it no public name.


def add_command(commands: Commands, name: str, *, summary: str, examples: str, description: str = "") -> Parser:
    """Return a parser for the command `name`; `summary`: one line; `examples`: whole command lines, one a line."""
    about = f"{summary[0].upper()}{summary[1:]}."
    return commands.add_parser(
        name,
        help=summary,
        description=f"{about}\n\n{description}" if description else about,
        epilog="examples:\n" + "".join(f"  {line}\n" for line in examples.strip().splitlines()),
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """Add `--seed`, by default 0."""
    seed = whole_number(least=0, most=LARGEST_SEED)
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed of random numbers (0)")


def whole_number(*, least: int, most: int | None = None) -> Callable[[str], int]:
    """Return a type for argparse: a whole number from `least` to `most`."""
    wanted = (
        f"a whole number from {least:,} to {most:,}" if most is not None else f"a whole number of {least:,} or more"
    )

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")
        return number

    return parse
