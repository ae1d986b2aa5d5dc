"""The report of an import: counts by kind and reason, and a CSV file of the rows that were left out."""

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
    # Rows that were imported without some of their values.
    noted: Counter[Reason] = field(default_factory=Counter)

    @property
    def changed(self) -> int:
        """The number of rows in the database that are new or different."""
        return self.imported + self.updated


class ImportReport:
    """Count the outcome of each row and write the rows that were left out to a file, if one was named."""

    def __init__(self, rejected: "RejectedRows | None" = None) -> None:
        """Start all counts at zero."""
        self.tallies: dict[Kind, Tally] = {kind: Tally() for kind in Kind}
        self._rejected = rejected
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
        """Count rows that were imported without some of their values."""
        for skip in skips:
            self.tallies[skip.kind].noted[skip.reason] += 1
            self._write(skip)

    def check(self, kind: Kind) -> None:
        """Raise a ``DatasetError`` if so many rows are bad that this is probably the wrong file."""
        tally = self.tallies[kind]
        bad = sum(count for reason, count in tally.skipped.items() if reason not in SOUND_REASONS)
        if bad:
            check_bad_rows(read=tally.read, bad=bad, first=self._first[kind])

    def finish(self) -> None:
        """Write the remaining rows to the file, if one was named."""
        if self._rejected is not None:
            self._rejected.finish()

    def _write(self, skip: Skip) -> None:
        if self._rejected is not None:
            self._rejected.write(skip)


class RejectedRows:
    """A CSV file of rows that were left out, written under another name and renamed when the import has ended."""

    def __init__(self, path: Path) -> None:
        """Open a temporary file beside ``path``; raise a ``DatasetError`` if that is not possible."""
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
        """Write all rows to the disk while the import can still fail."""
        try:
            self._handle.close()
        except OSError as error:
            raise DatasetError(self._unwritable(error)) from error

    def publish(self) -> None:
        """Give the file its final name."""
        try:
            self._beside.replace(self._path)
        except OSError as error:
            raise DatasetError(
                f"The data set was imported, but its report is lost: {self._path}: {error.strerror}."
            ) from error

    def discard(self) -> None:
        """Remove the temporary file, unless `publish` has renamed it."""
        with suppress(OSError):
            self._handle.close()
        self._beside.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> str:
        return (
            f"{self._path}: the report cannot be written ({error.strerror}). Nothing was imported. "
            "Name a file in a folder that you may write to and that has room."
        )
