"""The table of MovieLens, IMDb and TMDB ids that MovieLens and Kaggle sets hold."""

from collections.abc import Iterator
from pathlib import Path

from importing.datasets.dataset import Kind, Skip, check_bad_rows
from recommender.data.movielens_files import Link, read_links
from recommender.data.tables import BadRow, OnRead


def read_checked_links(path: Path, *, on_read: OnRead | None) -> Iterator[Link | Skip]:
    """Read a file of links.

    Raises:
        DataError: the file as a whole is unusable.
        DatasetError: most of its rows are.

    """
    read, faults = 0, []
    for row in read_links(path, on_read=on_read):
        link = Skip.from_bad_row(Kind.LINKS, path.name, row) if isinstance(row, BadRow) else row
        read += 1
        if isinstance(link, Skip):
            faults.append(link)
        yield link
    if faults:
        check_bad_rows(read=read, bad=len(faults), first=faults[0])
