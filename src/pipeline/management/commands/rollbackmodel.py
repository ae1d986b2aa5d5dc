"""``rollbackmodel``: go back to the model that was live before."""

from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.stage_command import StageCommand
from pipeline.services.model_release import model_version_get
from pipeline.services.promotion import model_roll_back
from pipeline.services.similar import similar_movies_refresh
from pipeline.services.suggesting import suggestion_lists_refresh


class Command(StageCommand):
    """Rolls back."""

    help = "Let an earlier model take the place of the live one at once, and rewrite everybody's lists from it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare how far."""
        parser.add_argument("--to", default="", metavar="ID", help="that model; without it, the one live before")
        parser.add_argument(
            "--keep-lists", action="store_true", help="leave the lists as they are until they are next refreshed"
        )

    def run_stage(self, **options: Any) -> str:
        """Go back, and let the lists follow."""
        wanted = model_version_get(options["to"]).pk if options["to"] else None
        version = model_roll_back(model_version_id=wanted)
        if options["keep_lists"]:
            return f"{version} is live again; lists of the other model stay until their next refresh"
        report = suggestion_lists_refresh()
        similar_movies_refresh()
        return f"{version} is live again, and the lists of {report.refreshed:,} users are from it"
