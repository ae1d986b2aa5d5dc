"""Detecting the format of a folder by the files in it, whatever its name."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from importing.datasets import kaggle, movielens, trailer_catalogue
from importing.datasets.dataset import Dataset, RatingChoice
from importing.datasets.movielens import RATINGS_CSV
from importing.errors import DatasetError
from recommender.data.kaggle_files import METADATA_CSV
from recommender.data.movielens_files import LINKS_CSV, MOVIES_CSV, MOVIES_DAT, U_GENRE, U_ITEM
from recommender.data.tables import detect_encoding

_NAME_CHARACTERS = 48
_FILES_SHOWN = 8
_README_NAME = re.compile(r"This dataset \((ml-[a-z0-9-]+)\)")
_README_BYTES = 8192

Opening = Callable[[Path, RatingChoice | None], Dataset]


@dataclass(frozen=True)
class _Format:
    """A format and the files it consists of: all of ``needed`` and one of ``one_of``, if there are any."""

    title: str
    needed: tuple[str, ...]
    one_of: tuple[str, ...]
    open: Opening

    def matches(self, folder: Path) -> bool:
        present = [(folder / name).exists() for name in self.one_of]
        return all((folder / name).exists() for name in self.needed) and (any(present) or not present)

    def signature(self) -> str:
        return " and ".join([*self.needed, *([" or ".join(self.one_of)] if self.one_of else [])])


def detect_format(path: Path, *, ratings: RatingChoice | None = None) -> Dataset:
    """Return the reader of the data set in ``path``.

    Raises:
        DatasetError: there is no such folder, it is in no known format, or it lacks the requested ratings.

    """
    if not path.exists():
        raise DatasetError(f"{path}: there is no such folder.")
    if not path.is_dir():
        advice = "unzip it first, then name the folder" if zipfile.is_zipfile(path) else "name the folder that it is in"
        what = "a zip archive" if zipfile.is_zipfile(path) else "a file"
        raise DatasetError(f"{path}: this is {what}, not a folder: {advice}.")
    for known in _FORMATS:
        if known.matches(path):
            return known.open(path, ratings)
    raise DatasetError(_describe_unknown(path))


def _describe_unknown(folder: Path) -> str:
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        return f"{folder}: cannot be read ({error.strerror})."
    found = ", ".join(names[:_FILES_SHOWN]) + (" …" if len(names) > _FILES_SHOWN else "")
    lines = [f"{folder}: no known data set. Looked for:"]
    lines += [f"  {known.signature()} ({known.title})" for known in _FORMATS]
    return "\n".join([*lines, f"Found: {found or 'nothing'}."])


def _kaggle(folder: Path, ratings: RatingChoice | None) -> Dataset:
    choice = ratings
    if choice is None:
        choice = next((choice for choice, name in kaggle.RATING_FILES.items() if (folder / name).exists()), None)
    elif choice is RatingChoice.NONE:
        choice = None
    else:
        _require_file(folder, kaggle.RATING_FILES[choice], f"--ratings {ratings}")
    name = f"{kaggle.NAME}/{choice}" if choice else kaggle.NAME
    return kaggle.KaggleDataset(folder, name, "Kaggle's The Movies Dataset", overwrites=True, rating_choice=choice)


def _movielens_csv(folder: Path, ratings: RatingChoice | None) -> Dataset:
    with_ratings = _all_or_none(folder, RATINGS_CSV, ratings)
    name = _readme_name(folder) or _folder_name(folder)
    return movielens.MovieLensCsv(folder, name, "MovieLens with links", with_ratings=with_ratings)


def _movielens_dat(folder: Path, ratings: RatingChoice | None) -> Dataset:
    with_ratings = _all_or_none(folder, movielens.RATINGS_DAT, ratings)
    # Only 1M has users and only 10M has tags; without either file the encoding decides.
    is_10m = (folder / "tags.dat").exists() or (
        not (folder / "users.dat").exists() and detect_encoding(folder / MOVIES_DAT) != "latin-1"
    )
    name, title, encoding = ("ml-10m", "MovieLens 10M", "utf-8") if is_10m else ("ml-1m", "MovieLens 1M", "latin-1")
    return movielens.MovieLensDat(folder, name, title, with_ratings=with_ratings, encoding=encoding)


def _movielens_100k(folder: Path, ratings: RatingChoice | None) -> Dataset:
    with_ratings = _all_or_none(folder, movielens.U_DATA, ratings)
    return movielens.MovieLens100K(
        folder, "ml-100k", "MovieLens 100K", external_source="ml-100k", with_ratings=with_ratings
    )


def _trailer_catalogue(folder: Path, ratings: RatingChoice | None) -> Dataset:
    if ratings not in {None, RatingChoice.NONE}:
        raise DatasetError(f"{folder}: a catalogue with trailers has no ratings; leave out --ratings {ratings}.")
    name = f"trailers/{_folder_name(folder)}"
    return trailer_catalogue.TrailerCatalogue(folder, name, "catalogue with trailers", external_source=name)


_FORMATS = (
    _Format("Kaggle's The Movies Dataset", (METADATA_CSV,), (), _kaggle),
    _Format("MovieLens 100K", (U_ITEM, U_GENRE), (), _movielens_100k),
    _Format("MovieLens 1M or 10M", (MOVIES_DAT,), (), _movielens_dat),
    _Format("catalogue with trailers", (MOVIES_CSV, trailer_catalogue.TRAILERS_CSV), (), _trailer_catalogue),
    _Format("MovieLens 20M, 25M, 32M, latest or latest-small", (MOVIES_CSV,), (RATINGS_CSV, LINKS_CSV), _movielens_csv),
)


def _all_or_none(folder: Path, name: str, ratings: RatingChoice | None) -> bool:
    if ratings is RatingChoice.NONE:
        return False
    if ratings is RatingChoice.SMALL:
        raise DatasetError(f"{folder}: MovieLens sets have one file of ratings: use --ratings full or none, not small.")
    _require_file(folder, name, "the ratings")
    return True


def _require_file(folder: Path, name: str, purpose: str) -> None:
    if not (folder / name).exists():
        raise DatasetError(
            f"{folder / name}: there is no such file, which {purpose} takes. Add it, or use --ratings none."
        )


def _readme_name(folder: Path) -> str:
    for readme in sorted(folder.glob("README*")):
        with readme.open("rb") as handle:
            found = _README_NAME.search(handle.read(_README_BYTES).decode(errors="replace"))
        if found:
            return found[1]
    return ""


def _folder_name(folder: Path) -> str:
    return re.sub(r"[^\w.-]+", "-", folder.resolve().name)[:_NAME_CHARACTERS] or "data"
