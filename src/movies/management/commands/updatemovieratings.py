"""``updatemovieratings``: recount films' ratings."""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from movies.services.averages import movie_averages_refresh_all, movie_averages_refresh_stalest


def positive_integer(text: str) -> int:
    """Return ``text`` as a whole number of at least one."""
    if not text.isdecimal() or int(text) < 1:
        message = f"must be a whole number of at least 1, not {text!r}"
        raise ArgumentTypeError(message)
    return int(text)


class Command(BaseCommand):
    """Recounts the rating figures of the films that were checked longest ago."""

    help = "Recount the ratings of the films whose figures were checked longest ago."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("count", nargs="?", type=positive_integer, default=1000, help="films to check")
        parser.add_argument("--all", action="store_true", help="check every film")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Recount and print one line."""
        if options["all"]:
            summary = movie_averages_refresh_all()
        else:
            summary = movie_averages_refresh_stalest(count=options["count"])
        self.stdout.write(f"Checked {summary.checked:,} films, corrected {summary.corrected:,}.")
