"""``updatemovieratings``: recount the ratings of films."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.arguments import positive_integer
from movies.services.averages import movie_averages_refresh_all, movie_averages_refresh_stalest


class Command(BaseCommand):
    """Recounts rating figures."""

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
