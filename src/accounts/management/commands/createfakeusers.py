"""``createfakeusers``: create crowd users with invented names."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.management.arguments import positive_integer
from accounts.models import User
from accounts.services.crowd import fake_users_create


class Command(BaseCommand):
    """Creates crowd users, who rate and cannot log in."""

    help = "Create crowd users with different invented names."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("total", nargs="?", type=positive_integer, default=10, help="users to create")
        parser.add_argument("--show-total", action="store_true", help="print how many users there are afterwards")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Create the users and print one line."""
        created = fake_users_create(total=options["total"])
        self.stdout.write(f"Made {created:,} fake users.")
        if options["show_total"]:
            self.stdout.write(f"There are {User.objects.count():,} users in all.")
