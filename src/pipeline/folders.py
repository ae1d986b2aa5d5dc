"""Folders of exports and models: switching the link to the latest one, and removing old ones."""

import logging
import shutil
from pathlib import Path

from recommender.atomic_folder import sync_to_disk

logger = logging.getLogger(__name__)

LATEST = "latest"


def latest_switch(folder: Path) -> None:
    """Point the link ``latest`` next to ``folder`` to it, atomically."""
    link = folder.parent / LATEST
    beside = folder.parent / f".partial-{LATEST}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(folder.name)
    beside.replace(link)
    sync_to_disk(folder.parent)


def folders_prune(parent: Path, *, keep: set[str]) -> None:
    """Remove all folders in ``parent`` except those whose names are in ``keep``. Links and files stay."""
    for path in parent.iterdir():
        if path.name in keep or path.is_symlink() or not path.is_dir():
            continue
        try:
            shutil.rmtree(path)
        except OSError as error:
            # The next run tries again.
            logger.warning("%s could not be removed: %s", path, error)
