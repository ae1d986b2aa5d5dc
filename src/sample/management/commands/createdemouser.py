"""``createdemouser``: create the demo user."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from movies.errors import MoviesError
from sample.services.demo_user import demo_user_create


class Command(BaseCommand):
    """Creates the demo user, who loves science fiction, and prints how to log in."""

    help = "Create the demo user with ratings of well-known films, and print how to log in."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Create the user and print one line."""
        try:
            summary = demo_user_create()
        except MoviesError as error:
            raise CommandError(str(error)) from error
        password = f"password {summary.password}" if summary.password else "with the password that you have set"
        self.stdout.write(
            f"Log in as {summary.username}, {password} ({summary.ratings:,} ratings, {summary.ratings_added:,} new)."
        )
