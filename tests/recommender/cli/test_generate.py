import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from tests.recommender.cli.process import SRC, matinee

from recommender.data.files import read_ratings_file

SMALL = ("--users", 40, "--movies", 25, "--per-user", 6)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_ratings_are_written_with_the_given_size(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ratings.{suffix}"
    done = matinee("generate", *SMALL, "--seed", 3, "--timestamps", "--out", path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Wrote 240 ratings to {path}: ")
    ratings = read_ratings_file(path)
    assert (len(ratings), ratings.users.ids.tolist()) == (240, list(range(1, 41)))
    assert ratings.items.ids.max() <= 25
    assert ratings.times is not None


def test_seed_and_structure_determine_the_file(tmp_path: Path) -> None:
    contents = []
    for arguments in (("--seed", 1), ("--seed", 1), ("--seed", 2), ("--seed", 1, "--structure", "uniform")):
        assert matinee("generate", *SMALL, *arguments, "-o", tmp_path / "r.csv").returncode == 0
        contents.append((tmp_path / "r.csv").read_text())
    assert contents[0].startswith("userId,movieId,rating\n1,")
    assert contents[0] == contents[1]
    assert len(set(contents)) == 3


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--users", "0", "-o", "r.csv"), 2, "argument --users: '0' is not a whole number from 1 to 2,147,483,647"),
        (("--users", "many", "-o", "r.csv"), 2, "'many' is not a whole number"),
        (("--structure", "odd", "-o", "r.csv"), 2, "invalid choice: 'odd'"),
        ((), 2, "the following arguments are required: -o/--out/--output"),
        (
            ("--movies", "10", "--per-user", "11", "-o", "r.csv"),
            1,
            "--per-user is 11: there are only 10 movies (--movies)",
        ),
        (("-o", "r.txt"), 1, "the file's ending is '.txt': it must be .csv or .parquet"),
        (("-o", "nowhere/r.csv"), 1, "there is no folder"),
    ],
)
def test_bad_input_is_one_sentence_and_no_file(
    tmp_path: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = matinee("generate", *(tmp_path / each if each.startswith(("r.", "no")) else each for each in arguments))
    assert done.returncode == status
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_it_with_130_and_leaves_no_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recommender", "generate", "--users", "50000000", "-o", str(tmp_path / "r.csv")]
    with subprocess.Popen(
        command,
        cwd=SRC,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # Shells may have us ignore it.
    ) as process:
        while not any(path.stat().st_size > 1000 for path in tmp_path.iterdir()):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (130, "")
    assert errors.endswith("Interrupted.\n")
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
