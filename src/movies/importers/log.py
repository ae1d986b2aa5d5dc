"""What an import did: counts by kind and reason, and a report with each row that was left out."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from movies.importers.dataset import SOUND_REASONS, Kind, Reason, Skip
from movies.importers.errors import DatasetError

if TYPE_CHECKING:
    from _csv import Writer as CsvWriter

REPORT_COLUMNS = ("file", "line", "reason", "detail")
# So few bad rows do not condemn a file, unless it has no good one.
_TOLERATED = 20


@dataclass
class Tally:
    """The rows of one kind: those read are imported, updated, unchanged or skipped."""

    read: int = 0
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    # Rows that were taken, but not in all they said.
    noted: Counter[Reason] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """How many rows of the database are new or different."""
        return self.imported + self.updated


class ImportLog:
    """Counts what becomes of each row, and hands the rows that were left out to a report, if there is one."""

    def __init__(self, report: "CsvWriter | None" = None) -> None:
        """Count from zero."""
        self.tallies: dict[Kind, Tally] = {kind: Tally() for kind in Kind}
        self._report = report
        self._first: dict[Kind, Skip] = {}

    def skip(self, skips: Iterable[Skip]) -> None:
        """Count rows that were read and left out."""
        for skip in skips:
            tally = self.tallies[skip.kind]
            tally.read += 1
            tally.skipped[skip.reason] += 1
            self._first.setdefault(skip.kind, skip)
            self._write(skip)

    def drop(self, skips: Iterable[Skip]) -> None:
        """Count rows as left out that were counted as read before."""
        for skip in skips:
            self.tallies[skip.kind].skipped[skip.reason] += 1
            self._write(skip)

    def note(self, skips: Iterable[Skip]) -> None:
        """Count rows that were taken without some part of theirs."""
        for skip in skips:
            self.tallies[skip.kind].noted[skip.reason] += 1
            self._write(skip)

    def check(self, kind: Kind) -> None:
        """Raise a ``DatasetError`` where so many rows are bad that the file cannot be what its name says."""
        tally = self.tallies[kind]
        bad = sum(count for reason, count in tally.skipped.items() if reason not in SOUND_REASONS)
        if bad == 0 or (bad < tally.read and (bad <= _TOLERATED or bad * 2 <= tally.read)):
            return
        first = self._first[kind]
        message = (
            f"{first.file}: {bad:,} of {tally.read:,} rows cannot be used, so this is probably the wrong file. "
            f"The first is line {first.line}: {first.reason} ({first.detail}). Nothing was imported."
        )
        raise DatasetError(message)

    def _write(self, skip: Skip) -> None:
        if self._report is not None:
            self._report.writerow((skip.file, skip.line, skip.reason, skip.detail))


@contextmanager
def report_open(path: Path | None) -> Iterator["CsvWriter | None"]:
    """Write a report beside ``path`` and put it in place once the import is done; a failed one leaves no file.

    Raises:
        DatasetError: the report cannot be written there.

    """
    if path is None:
        yield None
        return
    beside = path.with_name(f".{path.name}.partial")
    try:
        handle = beside.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise DatasetError(_unwritable(path, error)) from error
    try:
        if path.is_dir():
            message = f"{path}: is a folder; name a file for the report."
            raise DatasetError(message)
        with handle:
            writer = csv.writer(handle)
            writer.writerow(REPORT_COLUMNS)
            yield writer
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> str:
    return f"{path}: the report cannot be written ({error.strerror}). Name a file in a folder that you may write to."
