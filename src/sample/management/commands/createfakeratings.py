"""``createfakeratings``: generate ratings by the crowd."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.arguments import positive_integer
from movies.errors import MoviesError
from movies.models import Rating
from sample.services.fake_ratings import fake_ratings_create


class Command(BaseCommand):
    """Generates plausible ratings by random crowd users for random films."""

    help = "Generate plausible ratings by random crowd users for random films."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("total", nargs="?", type=positive_integer, default=10, help="number of ratings to generate")
        parser.add_argument("--show-total", action="store_true", help="print how many ratings there are afterwards")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Generate the ratings and print one line."""
        try:
            summary = fake_ratings_create(total=options["total"], progress=sys.stderr.isatty())
        except MoviesError as error:
            raise CommandError(str(error)) from error
        ending = " Each crowd user has now rated every film." if summary.exhausted else ""
        self.stdout.write(f"Made {summary.created:,} fake ratings.{ending}")
        if options["show_total"]:
            self.stdout.write(f"There are {Rating.objects.count():,} ratings in all.")
