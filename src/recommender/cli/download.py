"""`matinee download`: data sets of MovieLens."""

import argparse
from pathlib import Path

from recommender.cli.output import write_line
from recommender.cli.parsing import Commands, add_command
from recommender.data.downloads import BASE_URL, MOVIELENS, download_movielens, get_movielens
from recommender.progress import show_transfer


def add_parser(commands: Commands) -> None:
    """Declare the command."""
    sets = "".join(f"  {each.name:<13} {each.ratings}\n" for each in MOVIELENS.values())
    parser = add_command(
        commands,
        "download",
        summary="fetch a data set of MovieLens, check it and unpack it",
        description=(
            f"The data sets are:\n{sets}\n"
            "Interrupted, it goes on where it was when it is run again. GroupLens lends the data for research: the\n"
            "README in each says what its licence asks of you."
        ),
        examples="matinee download latest-small\nmatinee download 25m --out data",
    )
    parser.add_argument("name", metavar="NAME", help="which one: " + ", ".join(MOVIELENS))
    parser.add_argument(
        "-o", "--out", "--output", type=Path, default=Path(), metavar="FOLDER", help="below which folder (this one)"
    )
    parser.add_argument(
        "--base-url", default=BASE_URL, metavar="URL", help=f"where the archives and their .md5 files are ({BASE_URL})"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Download the data set and return the exit status."""
    dataset = get_movielens(arguments.name)
    target: Path = arguments.out / dataset.folder
    if target.exists():
        write_line(f"{target} is there already; remove it to download it again.")
        return 0
    with show_transfer(f"Downloading {dataset.archive}") as on_bytes:
        download_movielens(dataset, arguments.out, base_url=arguments.base_url, on_bytes=on_bytes)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    write_line(f"Unpacked {dataset.archive} to {target}: {size / 1e6:,.1f} MB.")
    return 0
