"""Comparison of several algorithms. Each runs in a process of its own, which has its own peak memory."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import recommender
from recommender.algorithms import Setting, make_config, parse_settings

STARS, RANKING = "stars", "ranking"
_COSTS = ("fit_seconds", "predict_seconds", "peak_memory_mb")
_ACCURACY = ("full ndcg@10", "full hr@10", "negatives ndcg@10", "negatives hr@10")
COLUMNS: Mapping[str, Sequence[str]] = {
    STARS: ("rmse", "mae", *_COSTS),
    RANKING: (*_ACCURACY, "coverage", "novelty", "diversity", *_COSTS),
}
"""The columns of the table of each protocol, which is sorted by the first one."""
_LOWER_IS_BETTER = frozenset({"rmse", "mae", *_COSTS})


@dataclass(frozen=True)
class Contender:
    """An algorithm with settings. `name`: both as one text, such as `svd` or `svd:n_factors=50,n_epochs=40`."""

    name: str
    algorithm: str
    settings: Mapping[str, Setting]

    @classmethod
    def parse(cls, name: str) -> "Contender":
        """Return the contender of that name; ConfigError for an unknown algorithm or a bad setting."""
        algorithm, _, assignments = name.partition(":")
        settings = parse_settings(algorithm, [each for each in assignments.split(",") if each])
        make_config(algorithm, settings)
        return cls(name, algorithm, settings)


class Result(NamedTuple):
    """The result of a contender in a `protocol`: the `figures` of `evaluate`, or the `error` if it failed."""

    contender: str
    protocol: str
    figures: Mapping[str, Any]
    error: str = ""

    def figure(self, column: str) -> float | None:
        """Return the value of a column, such as `rmse` or `full ndcg@10`; None if it was not measured."""
        group, _, name = column.rpartition(" ")
        value = (self.figures.get(group, {}) if group else self.figures).get(name)
        return None if value is None else float(value)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        content = {"error": self.error} if self.error else self.figures
        return {"contender": self.contender, "protocol": self.protocol, **content}


def compare_algorithms(contenders: Sequence[Contender], protocols: Mapping[str, Sequence[str]]) -> Iterator[Result]:
    """Evaluate each contender in each protocol, one after another.

    `protocols`: `stars`, `ranking` or both, each with the arguments of `matinee evaluate` that select the test cases.
    """
    for protocol, arguments in protocols.items():
        for contender in contenders:
            yield _evaluate(contender, protocol, arguments)


def rank_results(results: Sequence[Result], protocol: str) -> list[Result]:
    """Return the results in a protocol, best first by its first column, failures last."""
    column = COLUMNS[protocol][0]

    def sort_key(result: Result) -> tuple[bool, float]:
        value = result.figure(column)
        return value is None, (value or 0.0) * (1 if column in _LOWER_IS_BETTER else -1)

    return sorted((result for result in results if result.protocol == protocol), key=sort_key)


def measured_columns(results: Sequence[Result], protocol: str) -> list[str]:
    """Return the columns of a protocol in which at least one result has a value."""
    return [column for column in COLUMNS[protocol] if best_value(results, column) is not None]


def best_value(results: Sequence[Result], column: str) -> float | None:
    """Return the best value in a column; None if there is none."""
    values = [value for result in results if (value := result.figure(column)) is not None]
    return (min if column in _LOWER_IS_BETTER else max)(values, default=None)


def _evaluate(contender: Contender, protocol: str, arguments: Sequence[str]) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        settings = [f"{name}={'none' if value is None else value}" for name, value in contender.settings.items()]
        command = [sys.executable, "-m", "recommender", "evaluate", "--algorithm", contender.algorithm]
        command += ["--protocol", protocol, *arguments, "--json", str(out), *(["--set", *settings] if settings else [])]
        process = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())
        if process.returncode:
            return Result(contender.name, protocol, {}, _failure_reason(process))
        figures: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return Result(contender.name, protocol, figures)


def _failure_reason(process: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line that a failed process wrote, or the signal that ended it."""
    if process.returncode < 0:
        return f"ended by signal {-process.returncode}" + (" (out of memory?)" if process.returncode == -9 else "")  # noqa: PLR2004 - SIGKILL.
    lines = process.stderr.strip().splitlines()
    return lines[-1].removeprefix("matinee: ") if lines else f"ended with status {process.returncode}"


def _environment() -> dict[str, str]:
    """Return the environment of this process, with this package on the path."""
    paths = [str(Path(recommender.__file__).parents[1]), os.environ.get("PYTHONPATH")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
