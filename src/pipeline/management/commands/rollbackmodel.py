"""``rollbackmodel``: make an earlier model live again."""

from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.stage_command import StageCommand
from pipeline.services.model_release import model_version_get
from pipeline.services.promotion import model_roll_back
from pipeline.services.similar import similar_movies_refresh
from pipeline.services.suggesting import suggestion_lists_refresh


class Command(StageCommand):
    """Rolls back to an earlier model."""

    help = "Make an earlier model live again at once, and rewrite all lists from it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--to", default="", metavar="ID", help="an earlier model (default: the one live before)")
        parser.add_argument("--keep-lists", action="store_true", help="keep the present lists until the next refresh")

    def run_stage(self, **options: Any) -> str:
        """Roll back and rewrite the lists."""
        wanted = model_version_get(options["to"]).pk if options["to"] else None
        version = model_roll_back(model_version_id=wanted)
        if options["keep_lists"]:
            return f"{version} is live again; the present lists stay until the next refresh"
        report = suggestion_lists_refresh()
        similar_movies_refresh()
        return f"{version} is live again; rewrote the lists of {report.refreshed:,} users"
