"""``createfakeusers``: raters with invented names."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.arguments import positive_integer
from accounts.models import User
from accounts.services.crowd import fake_users_create


class Command(BaseCommand):
    """Makes crowd users, all different, who can rate and never log in."""

    help = "Make crowd users with invented names, all different."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("total", nargs="?", type=positive_integer, default=10, help="users to make")
        parser.add_argument("--show-total", action="store_true", help="print how many users there are afterwards")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make the users and print one line."""
        created = fake_users_create(total=options["total"])
        self.stdout.write(f"Made {created:,} fake users.")
        if options["show_total"]:
            self.stdout.write(f"There are {User.objects.count():,} users in all.")
