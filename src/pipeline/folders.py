"""Folders that appear whole or not at all, and a link that always names a whole one."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

logger = logging.getLogger(__name__)

_PARTIAL = ".partial-"
LATEST = "latest"


@contextmanager
def folder_publish(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside ``folder`` that takes its name, durably, when the ``with`` block succeeds."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{folder.name}-", dir=folder.parent))
    try:
        beside.chmod(0o755)
        yield beside
        for path in beside.iterdir():
            _to_disk(path)
        _to_disk(beside)
        beside.rename(folder)
        _to_disk(folder.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def latest_switch(folder: Path) -> None:
    """Let the link ``latest`` beside ``folder`` name it, in one step."""
    link = folder.parent / LATEST
    beside = folder.parent / f"{_PARTIAL}{LATEST}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(folder.name)
    beside.replace(link)
    _to_disk(folder.parent)


def folders_prune(parent: Path, *, keep: set[str]) -> None:
    """Remove all folders in ``parent`` but those named by ``keep``: old ones, and what crashed runs left behind."""
    for path in parent.iterdir():
        if path.name in keep or path.is_symlink() or not path.is_dir():
            continue
        try:
            shutil.rmtree(path)
        except OSError as error:
            # What was just written is whole; the next run tries again.
            logger.warning("%s could not be removed: %s", path, error)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
