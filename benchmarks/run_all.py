"""Runs the benchmarks one after the other: `make bench` and `make bench-full`.

    python benchmarks/run_all.py             # each of them small: minutes in all
    python benchmarks/run_all.py --full      # those of size, at the size of Kaggle's set and above: an hour

Benchmarks that need a real data set are listed and skipped. If one fails, the others still run.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What a script takes to be small, where that is not --quick.
SMALL = {
    "als": ["--repeats", "1"],
    "als_spark": ["--ratings", "200000"],
    "ease": ["--repeats", "1"],
    "fold_in": [],
    "full_size_data": ["--ratings", "1000000"],
    "import_ratings": ["--ratings", "300000"],
    "pipeline": ["--users", "5000", "--movies", "2000", "--factors", "20"],
}
LARGE = ["--ratings", "100000000", "--users", "480000", "--movies", "18000"]
FULL: list[tuple[str, list[str]]] = [
    ("refresh", []),
    ("refresh", ["--cores", "2"]),
    ("train_large", []),
    ("train_large", ["--algorithms", "surprise-svd"]),
    ("score_users", ["--full"]),
    ("score_house", []),
    ("write_lists", []),
    ("refresh_changed", []),
    ("responsiveness", []),
    ("shared_refresh", []),
    ("train_large", ["--threads", "4", *LARGE]),
    ("refresh", LARGE),
]
OF_DATA = {
    "accuracy": "--ml-1m FILE or --ml-100k FOLDER",
    "content": "the folder of The Movies Dataset",
    "ranking": "a file of ratings with times",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    names = sorted({path.stem for path in HERE.glob("*.py") if "__main__" in path.read_text()} - {Path(__file__).stem})
    runs = [(name, SMALL.get(name, ["--quick"])) for name in names if name not in OF_DATA]
    options = parser.parse_args()
    if options.full:
        runs = [(name, arguments) for name, arguments in FULL if name in names]
    failed = [name for name, arguments in runs if not succeeds(name, arguments)]
    for name, wants in OF_DATA.items():
        print(f"== {name}: left out, for it needs {wants}")
    if failed:
        raise SystemExit(f"These failed: {', '.join(failed)}")


def succeeds(name: str, arguments: list[str]) -> bool:
    print(f"== {' '.join([name, *arguments])}", flush=True)
    began = time.perf_counter()
    done = subprocess.run([sys.executable, HERE / f"{name}.py", *arguments], check=False)
    print(f"== {name}: {time.perf_counter() - began:.0f} s\n", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
