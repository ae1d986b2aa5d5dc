"""The frame of the command line, as the real process that people start."""

import importlib
import tomllib

import pytest
from tests.recommender.cli.processes import SRC, matinee

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
