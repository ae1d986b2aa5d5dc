"""Downloads of the MovieLens data sets from GroupLens (https://grouplens.org/datasets/movielens/)."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recommender.data.archives import extract_archive
from recommender.data.http_download import OnBytes, check_url, fetch_file, fetch_text
from recommender.errors import ConfigError, DownloadError

BASE_URL = "https://files.grouplens.org/datasets/movielens"
_MD5 = re.compile(r"\b[0-9a-fA-F]{32}\b")


@dataclass(frozen=True)
class MovieLens:
    """A published data set.

    `folder`: the one in its archive; `ratings`: a description; `md5`: as published, None for a set that changes.
    """

    name: str
    folder: str
    ratings: str
    md5: str | None = None

    @property
    def archive(self) -> str:
        """The name of the file to download."""
        return f"ml-{self.name}.zip"


_ALL = (
    MovieLens("100k", "ml-100k", "100,000 ratings of 1998", "0e33842e24a9c977be4e0107933c0723"),
    MovieLens("1m", "ml-1m", "1,000,209 ratings of 2003", "c4d9eecfca2ab87c1945afe126590906"),
    MovieLens("10m", "ml-10M100K", "10,000,054 ratings of 2009", "ce571fd55effeba0271552578f2648bd"),
    MovieLens("20m", "ml-20m", "20,000,263 ratings of 2015", "cd245b17a1ae2cc31bb14903e1204af3"),
    MovieLens("25m", "ml-25m", "25,000,095 ratings of 2019", "6b51fb2759a8657d3bfcbfc42b592ada"),
    MovieLens("32m", "ml-32m", "32,000,204 ratings of 2023", "d472be332d4daa821edc399621853b57"),
    MovieLens("latest", "ml-latest", "all ratings, renewed now and then"),
    MovieLens("latest-small", "ml-latest-small", "100,000 ratings, renewed now and then"),
)
MOVIELENS: Mapping[str, MovieLens] = {dataset.name: dataset for dataset in _ALL}


def get_movielens(name: str) -> MovieLens:
    """Return the data set called "25m" or "ml-25m"; ConfigError that lists the names for an unknown one."""
    short = name.lower().removeprefix("ml-")
    if short not in MOVIELENS:
        raise ConfigError(f"There is no MovieLens data set {name!r}: choose one of {', '.join(MOVIELENS)}.")
    return MOVIELENS[short]


def download_movielens(
    dataset: MovieLens, folder: Path, *, base_url: str = BASE_URL, on_bytes: OnBytes | None = None
) -> Path:
    """Download a data set, check it, unpack it below `folder` and return its path; an existing one is left alone.

    The archive is downloaded into `folder`, where an interrupted download resumes, and is removed once unpacked. It
    must have the MD5 that GroupLens published; if `base_url` is another address, the one in the `.md5` file beside it,
    if there is one. DownloadError if the archive cannot be fetched, has another MD5 or cannot be unpacked; ConfigError
    if `base_url` is no address.
    """
    target, base = folder / dataset.folder, check_url(base_url)
    if target.exists():
        return target
    wanted = _find_md5(dataset, base)
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / dataset.archive
    _fetch_archive(f"{base}/{dataset.archive}", archive, wanted, on_bytes)
    extract_archive(archive, target)
    archive.unlink()
    return target


def _fetch_archive(url: str, archive: Path, wanted: str, on_bytes: OnBytes | None) -> None:
    """Download the archive, unless it exists, and check it; download it again if it was resumed and is damaged."""
    resumed = archive.exists() or fetch_file(url, archive, on_bytes)
    found = _compute_md5(archive)
    if found != wanted and resumed:
        archive.unlink()
        fetch_file(url, archive, on_bytes)
        found = _compute_md5(archive)
    if found != wanted:
        archive.unlink()
        raise DownloadError(
            f"{url}: has the MD5 {found} and should have {wanted}: it was damaged on its way or is another file, "
            "and has been removed; try again."
        )


def _find_md5(dataset: MovieLens, base: str) -> str:
    if dataset.md5 is not None and base == BASE_URL:
        return dataset.md5
    url = f"{base}/{dataset.archive}.md5"
    text = fetch_text(url)
    found = None if text is None else _MD5.search(text)
    if found is not None:
        return found.group().lower()
    if text is not None:
        raise DownloadError(f"{url}: holds no MD5, so that {dataset.archive} could not be checked.")
    if dataset.md5 is None:
        raise DownloadError(f"{url}: is not there, so that {dataset.archive} could not be checked.")
    return dataset.md5


def _compute_md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
