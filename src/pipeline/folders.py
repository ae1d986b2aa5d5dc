"""Exports and models on disk: the link to the latest folder, and removing old ones."""

import logging
import shutil
from pathlib import Path

from recommender.atomic_folder import sync_to_disk

logger = logging.getLogger(__name__)

LATEST = "latest"


def latest_switch(folder: Path) -> None:
    """Point the link ``latest`` beside ``folder`` to it, in one step."""
    link = folder.parent / LATEST
    beside = folder.parent / f".partial-{LATEST}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(folder.name)
    beside.replace(link)
    sync_to_disk(folder.parent)


def folders_prune(parent: Path, *, keep: set[str]) -> None:
    """Remove all folders in ``parent`` except those named by ``keep``: old ones, and leftovers of crashed runs."""
    for path in parent.iterdir():
        if path.name in keep or path.is_symlink() or not path.is_dir():
            continue
        try:
            shutil.rmtree(path)
        except OSError as error:
            # The new folder is complete anyway; the next run tries again.
            logger.warning("%s could not be removed: %s", path, error)
