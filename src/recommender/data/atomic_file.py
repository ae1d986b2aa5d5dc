"""Files that are written completely or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recommender.errors import DataError


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to, which replaces `path` when the block ends without an error.

    DataError if `path` cannot be a file: its folder is missing, or something other than a file has its name.
    """
    if not path.parent.is_dir():
        raise DataError(f"{path}: there is no folder {path.parent}: make it first, or write elsewhere.")
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: exists and is not a file: choose another name.")
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
