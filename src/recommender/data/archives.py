"""Unpacking ZIP archives from untrusted sources."""

import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from recommender.errors import DownloadError

_ENCRYPTED = 0x1


def extract_archive(archive: Path, folder: Path) -> None:
    """Unpack `archive` as `folder`, which must not exist, completely or not at all.

    If the archive holds a single folder, the contents of that folder become those of `folder`. DownloadError for a file
    that is no archive, is damaged, does not fit on the disk, or holds a link, a file with a password or a path outside
    of `folder`.
    """
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(archive) as opened:
            _unpack(opened, archive, beside)
        entries = list(beside.iterdir())
        whole = entries[0] if len(entries) == 1 and entries[0].is_dir() else beside
        whole.replace(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DownloadError(f"{archive}: cannot be unpacked ({error}): remove it and download it again.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _unpack(opened: zipfile.ZipFile, archive: Path, folder: Path) -> None:
    members = opened.infolist()
    for member in members:
        _check_member(member, archive)
    needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder.parent).free
    if needed > free:
        raise DownloadError(f"{archive}: unpacks to {needed:,} bytes, and the disk has {free:,} left: make room first.")
    folder.mkdir()
    for member in members:
        path = folder.joinpath(*PurePosixPath(member.filename).parts)
        if member.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(member) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def _check_member(member: zipfile.ZipInfo, archive: Path) -> None:
    path = PurePosixPath(member.filename)
    outside = path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename
    if outside or stat.S_ISLNK(member.external_attr >> 16) or member.flag_bits & _ENCRYPTED:
        raise DownloadError(
            f"{archive}: holds {member.filename!r}, which is a link, needs a password or would land outside of its "
            "folder: this is no archive of MovieLens; remove it."
        )
