"""Small data sets in each known format, and running the command on them."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from django.core.management import call_command

METADATA_COLUMNS = (
    *("adult", "belongs_to_collection", "budget", "genres", "homepage", "id", "imdb_id", "original_language"),
    *("original_title", "overview", "popularity", "poster_path", "production_companies", "production_countries"),
    *("release_date", "revenue", "runtime", "spoken_languages", "status", "tagline", "title", "video"),
    *("vote_average", "vote_count"),
)


def table_write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def metadata_row(tmdb_id: object, title: str, **fields: object) -> list[object]:
    row = {"id": tmdb_id, "title": title, "genres": "[]", "imdb_id": "", **fields}
    return [row.get(column, "") for column in METADATA_COLUMNS]


def kaggle_ratings(folder: Path) -> None:
    table_write(
        folder / "links.csv",
        ["movieId", "imdbId", "tmdbId"],
        [(1, "0114709", 862), (2, "0113497", 8844), (6, "0113277", 949), (7, "0000007", ""), (8, "0000008", 111)],
    )
    table_write(
        folder / "ratings_small.csv",
        ["userId", "movieId", "rating", "timestamp"],
        [
            (1, 1, 2.5, 1260759144),
            (1, 2, 4.0, 1260759179),
            (2, 2, 5.0, 835355493),
            (2, 7, 3.0, 835355493),
            (2, 8, 3.0, 835355493),
        ],
    )


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    table_write(
        folder / "movies_metadata.csv",
        METADATA_COLUMNS,
        [
            metadata_row(
                862,
                "Toy Story",
                imdb_id="tt0114709",
                original_title="Toy Story",
                genres="[{'id': 16, 'name': 'Animation'}, {'id': 0, 'name': 'Carousel Productions'}]",
                release_date="1995-10-30",
                runtime="81.0",
                overview="Led by Woody,\nAndy's toys live.",
                poster_path="/rhIRbceoE9lR4veEXuwCC2wARtG.jpg",
            ),
            metadata_row(8844, "Jumanji", imdb_id="tt0113497", release_date="1995-12-15", runtime="0"),
            metadata_row(949, "Heat", imdb_id="tt0113277", release_date="1995-12-15"),
        ],
    )
    table_write(
        folder / "keywords.csv",
        ["id", "keywords"],
        [(862, "[{'id': 931, 'name': 'jealousy'}, {'id': 4290, 'name': 'toy'}]"), (8844, "[]")],
    )
    table_write(
        folder / "credits.csv",
        ["cast", "crew", "id"],
        [
            (
                "[{'name': 'Tim Allen', 'order': 1}, {'name': 'Tom Hanks', 'order': 0}, {'name': 'Rex', 'order': 10}]",
                "[{'job': 'Director', 'name': 'John Lasseter'}, {'job': 'Writer', 'name': 'Joss Whedon'}]",
                862,
            )
        ],
    )
    kaggle_ratings(folder)
    return folder


@pytest.fixture
def movielens(tmp_path: Path) -> Path:
    folder = tmp_path / "ml-mini"
    folder.mkdir()
    table_write(
        folder / "movies.csv",
        ["movieId", "title", "genres"],
        [
            (1, "Toy Story (1995)", "Adventure|Children|IMAX"),
            (2, "Jumanji (1995)", "Adventure|Children|Fantasy"),
            (3, "City of Lost Children, The (Cité des enfants perdus, La) (1995)", "Sci-Fi|Film-Noir|Musical"),
            (4, "Moonlight", "(no genres listed)"),
        ],
    )
    table_write(
        folder / "links.csv",
        ["movieId", "imdbId", "tmdbId"],
        [(1, "0114709", 862), (2, "0113497", 8844), (3, "0112682", 902), (4, "4975722", "")],
    )
    table_write(
        folder / "ratings.csv",
        ["userId", "movieId", "rating", "timestamp"],
        [(1, 1, 4.0, 964982703), (1, 3, 4.0, 964981247), (5, 2, 0.5, 847434962), (5, 4, 5.0, 847434962)],
    )
    return folder


@pytest.fixture
def movielens_100k(tmp_path: Path) -> Path:
    folder = tmp_path / "hundred"
    folder.mkdir()
    (folder / "u.genre").write_text("unknown|0\nAction|1\nChildren's|2\n\n")
    (folder / "u.item").write_bytes(
        "1|Toy Story (1995)|01-Jan-1995||http://x|0|0|1\n"
        "2|Misérables, Les (1995)|20-Oct-1995||http://x|0|1|0\n"
        "3|Ice Storm, The (1997)|17-Oct-1997||http://x|0|0|0\n"
        "4|Ice Storm, The (1997)|01-Jan-1997||http://x|0|0|0\n"
        "5|unknown||||1|0|0\n".encode("latin-1")
    )
    (folder / "u.data").write_text("1\t3\t5\t881250949\n1\t4\t2\t881250950\n2\t5\t1\t881250951\n2\t1\t4\t881250951\n")
    return folder


@pytest.fixture
def trailer_catalogue(tmp_path: Path) -> Path:
    folder = tmp_path / "backend"
    folder.mkdir()
    (folder / "movies.csv").write_text(
        "id,name,poster path,type\n0,Toy Story (1995),/toy.jpg,Adventure|Animation\n1,Heat (1995),/heat.jpg,Crime\n"
    )
    (folder / "trailers.csv").write_text(
        "youtube_id,movie\nKYz2wyBy3kc,0\n0xbBLJ1WGwQ,1\n0xbBLJ1WGwQ,1\nno id!,1\nKYz2wyBy3kc,77\n"
    )
    return folder


@pytest.fixture
def importdataset() -> Callable[..., str]:
    def run(path: Path, *arguments: str) -> str:
        output = io.StringIO()
        call_command("importdataset", str(path), *arguments, stdout=output)
        return output.getvalue()

    return run
