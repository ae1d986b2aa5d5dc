"""What an import did: counts by kind and reason, and a report with each row that was left out."""

import csv
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from importing.datasets.dataset import SOUND_REASONS, Kind, Reason, Skip, check_bad_rows
from importing.errors import DatasetError

REPORT_COLUMNS = ("file", "line", "reason", "detail")


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


class ImportReport:
    """Counts what becomes of each row, and hands the rows that were left out to a report, if there is one."""

    def __init__(self, report: "RejectedRows | None" = None) -> None:
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
            if skip.reason not in SOUND_REASONS:
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
        if bad:
            check_bad_rows(read=tally.read, bad=bad, first=self._first[kind])

    def finish(self) -> None:
        """Finish the report, if there is one."""
        if self._report is not None:
            self._report.finish()

    def _write(self, skip: Skip) -> None:
        if self._report is not None:
            self._report.write(skip)


class RejectedRows:
    """A CSV file of rows that were left out, written beside its place and put there once the import is done."""

    def __init__(self, path: Path) -> None:
        """Open the file beside ``path``; raise a ``DatasetError`` where that is not possible."""
        self._path = path
        self._beside = path.with_name(f".{path.name}.partial")
        if path.is_dir():
            raise DatasetError(f"{path}: is a folder; name a file for the report.")
        try:
            self._handle = self._beside.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise DatasetError(self._unwritable(error)) from error
        self._writer = csv.writer(self._handle)
        self._writer.writerow(REPORT_COLUMNS)

    def write(self, skip: Skip) -> None:
        """Add a row."""
        try:
            self._writer.writerow((skip.file, skip.line, skip.reason, skip.detail))
        except OSError as error:
            raise DatasetError(self._unwritable(error)) from error

    def finish(self) -> None:
        """Make sure that all rows are on the disk, while the import can still be called off."""
        try:
            self._handle.close()
        except OSError as error:
            raise DatasetError(self._unwritable(error)) from error

    def publish(self) -> None:
        """Put the report in its place."""
        try:
            self._beside.replace(self._path)
        except OSError as error:
            raise DatasetError(
                f"The data set was imported, but its report is lost: {self._path}: {error.strerror}."
            ) from error

    def discard(self) -> None:
        """Remove what was written, unless it was published."""
        with suppress(OSError):
            self._handle.close()
        self._beside.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> str:
        return (
            f"{self._path}: the report cannot be written ({error.strerror}). Nothing was imported. "
            "Name a file in a folder that you may write to and that has room."
        )
