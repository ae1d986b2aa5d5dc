"""Folders that appear completely or not at all, a link to the latest of them, and the removal of old ones."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

LATEST = "latest"


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder` that takes its name, durably, when the block succeeds.

    Write files directly into it, without subfolders. OSError if the disk refuses or `folder` is not empty.
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
    """Write the content of a file, or the entries of a folder, to the disk, so that it survives a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def switch_latest(folder: Path) -> None:
    """Point the link ``latest`` next to ``folder`` to it, atomically."""
    link = folder.parent / LATEST
    beside = folder.parent / f".partial-{LATEST}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(folder.name)
    beside.replace(link)
    sync_to_disk(folder.parent)


def prune_folders(parent: Path, *, keep: set[str]) -> None:
    """Remove all folders in ``parent`` except those whose names are in ``keep``. Links and files stay."""
    for path in parent.iterdir():
        if path.name in keep or path.is_symlink() or not path.is_dir():
            continue
        try:
            shutil.rmtree(path)
        except OSError as error:
            # The next run tries again.
            logger.warning("%s could not be removed: %s", path, error)
