"""`matinee download`: download MovieLens data sets."""

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
        summary="download, check and unpack a MovieLens data set",
        description=(
            f"The data sets are:\n{sets}\n"
            "Run an interrupted download again to resume it. GroupLens provides the data for research: the README of\n"
            "each data set states its licence."
        ),
        examples="matinee download latest-small\nmatinee download 25m --out data",
    )
    parser.add_argument("name", metavar="NAME", help="one of: " + ", ".join(MOVIELENS))
    parser.add_argument(
        "-o", "--out", "--output", type=Path, default=Path(), metavar="FOLDER", help="folder to unpack to (this one)"
    )
    parser.add_argument(
        "--base-url", default=BASE_URL, metavar="URL", help=f"address of the archives and their .md5 files ({BASE_URL})"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Download the data set and return the exit status."""
    dataset = get_movielens(arguments.name)
    target: Path = arguments.out / dataset.folder
    if target.exists():
        write_line(f"{target} exists already; remove it to download it again.")
        return 0
    with show_transfer(f"Downloading {dataset.archive}") as on_bytes:
        download_movielens(dataset, arguments.out, base_url=arguments.base_url, on_bytes=on_bytes)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    write_line(f"Unpacked {dataset.archive} to {target}: {size / 1e6:,.1f} MB.")
    return 0
