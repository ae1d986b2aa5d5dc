"""What commands write: lines and tables for people on the standard output."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recommender.data.atomic_file import atomic_file
from recommender.errors import ConfigError


def write_line(text: str = "") -> None:
    """Write one line to the standard output."""
    sys.stdout.write(f"{text}\n")


def write_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Write rows below a header, the columns lined up; those whose number is in `right` end where their header ends."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        write_line("  ".join(cells).rstrip())


def check_path(path: Path | None) -> None:
    """Raise ConfigError when no file could be written there, before the work whose result it is to hold."""
    if path is None:
        return
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: there is no folder {path.parent}: make it first.")


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as JSON to `path`, whole or not at all; DataError or OSError if that is impossible."""
    with atomic_file(path) as beside:
        beside.write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", encoding="utf-8")
