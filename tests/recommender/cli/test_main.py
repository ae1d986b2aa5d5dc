"""The frame of the command line, as the real process that people start."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.recommender.cli.process import SRC, matinee

from recommender import cli


def test_the_help_lists_every_command() -> None:
    done = matinee("--help")
    assert done.returncode == 0
    for command in cli.COMMANDS:
        assert f"    {command.__name__.rpartition('.')[2]}" in done.stdout  # type: ignore[attr-defined]  # A module.


@pytest.mark.parametrize("arguments", [[], ["sing"], ["algorithms", "--loud"]])
def test_arguments_that_make_no_sense_are_one_sentence_and_status_2(arguments: list[str]) -> None:
    done = matinee(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("matinee")
    assert done.stderr.count("\n") == 1
    assert "--help" in done.stderr


def test_an_error_of_the_library_is_one_sentence_and_status_1() -> None:
    done = matinee("algorithms", "oracle")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("matinee: There is no algorithm 'oracle': choose one of popularity, ")
    assert done.stderr.count("\n") == 1


def test_the_console_script_is_this_command_line() -> None:
    project = tomllib.loads((SRC.parent / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["matinee"].partition(":")
    assert getattr(importlib.import_module(module), function) is cli.main


def test_a_reader_that_has_seen_enough_ends_it_without_a_word() -> None:
    command = [sys.executable, "-m", "recommender", "algorithms"]
    with subprocess.Popen(command, cwd=SRC, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_output_that_cannot_be_written_is_one_sentence() -> None:
    command = [sys.executable, "-m", "recommender", "algorithms"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=SRC, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (1, "matinee: No space left on device\n")
