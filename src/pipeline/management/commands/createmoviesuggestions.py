"""``createmoviesuggestions``: write all suggestion lists and lists of similar films from the live model."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.management.arguments import integer_parser
from pipeline.management.stage_command import StageCommand
from pipeline.services.similar import similar_movies_refresh
from pipeline.services.suggesting import suggestion_lists_refresh
from pipeline.tasks import refresh_with_helpers


class Command(StageCommand):
    """Writes suggestion lists."""

    help = "Write a suggestion list for every user with ratings, from the live model."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        for names, least, default, text in (
            (("--per-user", "--max"), 1, 250, "suggestions kept per user"),
            (("--skip-popular", "--start"), 0, 0, "skip this many of the most-rated films"),
            (("--batch-movies", "--offset"), 1, 50, "films scored per block; changes memory, never the result"),
        ):
            parser.add_argument(
                *names,
                dest=names[-1].lstrip("-"),
                type=integer_parser(least),
                default=default,
                help=f"{text} ({default})",
            )
        parser.add_argument(
            "--reuse-suggestions-up-to-days",
            type=integer_parser(0),
            default=7,
            help="keep lists of the live model that are younger than this many days, unless the user's ratings have "
            "changed since (7)",
        )

        parser.add_argument(
            "--distributed",
            action="store_true",
            help="share the work with all Celery workers that have the same database, queue and MODELS_DIR",
        )

    def run_stage(self, **options: Any) -> str:
        """Write the lists and return how many."""
        refresh = refresh_with_helpers if options["distributed"] else suggestion_lists_refresh
        report = refresh(
            start=options["start"],
            block_movies=options["offset"],
            maximum=options["max"],
            reuse_days=options["reuse_suggestions_up_to_days"],
        )
        similar_movies_refresh()
        return (
            f"Wrote suggestions for {report.refreshed:,} users from model #{report.model_version_id}; "
            f"{report.reused:,} users keep theirs"
        )
