"""Types of command-line arguments that commands share."""

from argparse import ArgumentTypeError


def positive_integer(text: str) -> int:
    """Return ``text`` as a whole number of at least one."""
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        message = f"must be a whole number of at least 1, not {text!r}"
        raise ArgumentTypeError(message)
    return int(text)
