"""``promotemodel``: make a candidate live."""

from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.stage_command import StageCommand
from pipeline.services.model_release import candidate_release, model_version_get


class Command(StageCommand):
    """Promotes a candidate."""

    help = "Make a candidate live if it passes the gate. The gate judges it first if necessary."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "model", nargs="?", default="", help="number or folder of the model (default: the newest candidate)"
        )
        parser.add_argument("--force", default="", metavar="REASON", help="ignore the gate; the reason is stored")

    def run_stage(self, **options: Any) -> str:
        """Promote the model and return what happens next."""
        candidate = model_version_get(options["model"])
        version = candidate_release(model_version_id=candidate.pk, force_reason=options["force"].strip())
        self.gate_print(version.gate_report)
        return f"{version} is live; run createmoviesuggestions to write all lists from it"
