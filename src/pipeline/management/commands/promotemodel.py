"""``promotemodel``: let a candidate go live."""

from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.stage_command import StageCommand
from pipeline.services.model_release import candidate_release, model_version_get


class Command(StageCommand):
    """Promotes a candidate."""

    help = "Let a candidate go live, if the gate lets it pass; it is judged first where that has not been done."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare which."""
        parser.add_argument(
            "model", nargs="?", default="", help="its number or folder; without one, the newest candidate"
        )
        parser.add_argument("--force", default="", metavar="REASON", help="whatever the gate says; the reason is kept")

    def run_stage(self, **options: Any) -> str:
        """Promote it."""
        candidate = model_version_get(options["model"])
        version = candidate_release(model_version_id=candidate.pk, force_reason=options["force"].strip())
        self.gate_print(version.gate_report)
        return f"{version} is live; createmoviesuggestions writes everybody's lists from it"
