"""Types of command-line arguments that commands share."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def integer_parser(minimum: int) -> Callable[[str], int]:
    """Return a parser of integers of at least ``minimum``. It raises ArgumentTypeError for anything else."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and int(text) >= minimum):
            message = f"must be a whole number of at least {minimum}, not {text!r}"
            raise ArgumentTypeError(message)
        return int(text)

    return parse


positive_integer = integer_parser(1)
