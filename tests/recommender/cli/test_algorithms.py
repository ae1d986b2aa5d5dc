import dataclasses

import pytest
from tests.recommender.cli.process import matinee

from recommender.algorithms import ALGORITHMS, make_config


def test_every_algorithm_is_listed_with_its_summary() -> None:
    done = matinee("algorithms")
    assert done.returncode == 0
    lines = done.stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(ALGORITHMS)
    for line, algorithm in zip(lines, ALGORITHMS.values(), strict=True):
        assert line.endswith(algorithm.summary)


def test_the_settings_of_one_are_listed_with_types_defaults_and_ranges() -> None:
    done = matinee("algorithms", "svd")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"svd: {ALGORITHMS['svd'].summary}"
    assert [line.split()[0] for line in lines[3:]] == [field.name for field in dataclasses.fields(make_config("svd"))]
    assert "n_factors       int         100      8 to 200 (logarithmic)" in lines


@pytest.mark.parametrize("name", list(ALGORITHMS))
def test_settings_are_listed_without_the_packages_that_training_needs(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from recommender.cli import main  # noqa: PLC0415 - the others start processes.

    assert main(["algorithms", name]) == 0
    assert capsys.readouterr().out.startswith(f"{name}: ")
