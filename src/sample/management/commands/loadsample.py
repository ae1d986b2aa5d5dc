"""``loadsample``: load films and a generated crowd to try out the site."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.arguments import positive_integer
from movies.errors import MoviesError
from sample.crowd import DEFAULT_SEED, DEFAULT_USERS
from sample.services.sample import sample_load


class Command(BaseCommand):
    """Loads the missing parts of the sample."""

    help = "Load a catalogue of well-known films and the ratings of a generated crowd."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--users", type=positive_integer, default=DEFAULT_USERS, help="size of the crowd")
        parser.add_argument(
            "--seed", type=positive_integer, default=DEFAULT_SEED, help="random seed; another seed adds another crowd"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load and print one line."""
        try:
            summary = sample_load(n_users=options["users"], seed=options["seed"], progress=sys.stderr.isatty())
        except MoviesError as error:
            raise CommandError(str(error)) from error
        if not (summary.movies_added or summary.users_added or summary.ratings_added):
            self.stdout.write(
                f"Nothing to do: the {summary.movies:,} films, {summary.users:,} users and {summary.ratings:,} ratings"
                " of the sample are already loaded."
            )
            return
        self.stdout.write(
            f"Added {summary.movies_added:,} of {summary.movies:,} films, {summary.users_added:,} of"
            f" {summary.users:,} users and {summary.ratings_added:,} of {summary.ratings:,} ratings."
        )
