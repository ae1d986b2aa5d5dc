"""Folders that appear whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder` that takes its name, durably, when the block succeeds.

    Files go directly into it, not into folders of their own. OSError if the disk refuses or `folder` is not empty.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
    try:
        beside.chmod(0o755)
        yield beside
        for path in beside.iterdir():
            sync_to_disk(path)
        sync_to_disk(beside)
        beside.rename(folder)
        sync_to_disk(folder.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def sync_to_disk(path: Path) -> None:
    """Make the content of a file, or the entries of a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
