"""The command line: `matinee COMMAND`, or `python -m recommender COMMAND`.

Each command is a module of this package, listed in `COMMANDS`. Errors of the caller are one sentence on the standard
error stream, never a traceback. Results go to the standard output, progress and notes to the standard error stream.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Protocol

from recommender.cli import algorithms, compare, download, evaluate, generate, search, svd
from recommender.cli.parsing import Commands, Parser
from recommender.errors import RecommenderError
from recommender.progress import log_to_stderr

INTERRUPTED = 130


class Command(Protocol):
    """The interface of the modules in `COMMANDS`. Imports that take long belong inside `run`."""

    def add_parser(self, commands: Commands) -> None:
        """Declare the command's arguments, and set `run` as their default of that name."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command and return the exit status."""
        ...


COMMANDS: tuple[Command, ...] = (algorithms, evaluate, compare, search, svd, generate, download)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv`, by default the arguments of the process, and return the exit status.

    0: success; 1: failure, with the reason on the standard error stream; 130: interrupted. Invalid arguments raise
    SystemExit(2), as argparse does.
    """
    arguments = _parser().parse_args(argv)
    log_to_stderr()
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the output, such as `head`, has stopped; Python must not try to write the rest when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except RecommenderError as error:
        return _print_error(str(error))
    except MemoryError:
        return _print_error("There is not enough memory for this: use less data or smaller settings.")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _print_error(f"{where}{error.strerror or error}")
    return status


def _print_error(message: str) -> int:
    sys.stderr.write(f"matinee: {message}\n")
    return 1


def _parser() -> Parser:
    parser = Parser(prog="matinee", description="Train, compare and feed movie recommenders.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    return parser
