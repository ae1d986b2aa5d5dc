"""``importdataset``: bring films, ratings and trailers from a data set's folder into the database."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from importing.datasets.dataset import Kind, RatingChoice, Reason
from importing.errors import DatasetError
from importing.import_report import Tally
from importing.services import ImportSummary, dataset_import

# What a shell reports of a program that was interrupted from the keyboard.
_INTERRUPTED = 130


class Command(BaseCommand):
    """Imports a folder in one of the known formats."""

    help = "Import The Movies Dataset, a MovieLens set or a catalogue with trailers from the folder that it is in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("path", type=Path, help="the folder that holds the data set's files")
        parser.add_argument(
            "--ratings",
            choices=[choice.value for choice in RatingChoice],
            help="which ratings to import; by default the small selection where there is one, else all",
        )
        parser.add_argument("--report", type=Path, metavar="FILE", help="write each row that was left out to this CSV")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Import and print what was read and what became of it."""
        try:
            summary = dataset_import(
                path=Path(options["path"]),
                ratings=RatingChoice(options["ratings"]) if options["ratings"] else None,
                report=Path(options["report"]) if options["report"] else None,
            )
        except DatasetError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            message = "Interrupted. Nothing was imported."
            raise CommandError(message, returncode=_INTERRUPTED) from error
        self.stdout.write(summary_text(summary))


def summary_text(summary: ImportSummary) -> str:
    """Return the summary in a few lines, one per kind of row that there was."""
    lines = [f"{summary.dataset.name} ({summary.dataset.format})"]
    lines += [_tally_text(kind, tally) for kind, tally in summary.tallies.items() if tally.read]
    if summary.new_users:
        lines.append(f"  raters: {summary.new_users:,} new")
    if not summary.has_changes:
        lines.append("  Nothing changed.")
    return "\n".join(lines)


def _tally_text(kind: Kind, tally: Tally) -> str:
    skipped = tally.skipped.total()
    text = f"  {kind}: "
    # Side files only add to the films, so that nothing but their bad rows is counted.
    if kind in {Kind.MOVIES, Kind.RATINGS, Kind.TRAILERS}:
        text += f"{tally.read:,} read, {tally.imported:,} imported, {tally.updated:,} updated, "
        text += f"{tally.unchanged:,} unchanged, "
    text += f"{skipped:,} skipped{_reasons_text(tally.skipped)}"
    return text + (f"; {tally.noted.total():,} taken in part{_reasons_text(tally.noted)}" if tally.noted else "")


def _reasons_text(reasons: Counter[Reason]) -> str:
    listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    return f" ({listed})" if listed else ""
