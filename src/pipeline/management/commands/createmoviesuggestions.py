"""``createmoviesuggestions``: write everyone's suggestions, and which films are like which, from the live model."""

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from typing import Any

from django.core.management.base import CommandParser

from pipeline.management.stage_command import StageCommand
from pipeline.services.distributed_refresh import shared_refresh, shared_refresh_complete
from pipeline.services.similar import similar_movies_refresh
from pipeline.services.suggesting import SuggestionReport, suggestion_lists_refresh
from pipeline.tasks import helpers_invite


def whole_number(minimum: int) -> Callable[[str], int]:
    """Return a reader of whole numbers of at least ``minimum``."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            message = f"must be a whole number of at least {minimum}, not {text!r}"
            raise ArgumentTypeError(message)
        return int(text)

    return read


class Command(StageCommand):
    """Writes suggestions."""

    help = "Write the suggestions of everyone who has rated anything, from the live model."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the limits."""
        for names, least, default, text in (
            (("--per-user", "--max"), 1, 250, "suggestions kept per user"),
            (("--skip-popular", "--start"), 0, 0, "skip this many of the most-rated films"),
            (("--batch-movies", "--offset"), 1, 50, "films scored per block; changes memory, never the result"),
        ):
            parser.add_argument(
                *names,
                dest=names[-1].lstrip("-"),
                type=whole_number(least),
                default=default,
                help=f"{text} ({default})",
            )
        parser.add_argument(
            "--reuse-suggestions-up-to-days",
            type=whole_number(0),
            default=7,
            help="leave users alone whose suggestions from the live model are younger than this many days, unless "
            "their ratings have changed since (7)",
        )

        parser.add_argument(
            "--distributed",
            action="store_true",
            help="let all Celery workers help that share the database, the queue and MODELS_DIR",
        )

    def run_stage(self, **options: Any) -> str:
        """Refresh and say for how many."""
        limits = {
            "start": options["start"],
            "block_movies": options["offset"],
            "maximum": options["max"],
            "reuse_days": options["reuse_suggestions_up_to_days"],
        }
        report = _refreshed_by_all(limits) if options["distributed"] else suggestion_lists_refresh(**limits)
        similar_movies_refresh()
        return (
            f"Wrote suggestions for {report.refreshed:,} users from model #{report.model_version_id}; "
            f"{report.reused:,} users keep theirs"
        )


def _refreshed_by_all(limits: Mapping[str, int]) -> SuggestionReport:
    with shared_refresh(**limits) as refresh:
        helpers_invite(refresh)
        return shared_refresh_complete(refresh)
