"""Several algorithms asked the same, each in a process of its own so that its peak memory is nobody else's."""

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
COLUMNS: Mapping[str, Sequence[str]] = {
    STARS: ("rmse", "mae", "fit_seconds", "predict_seconds", "peak_memory_mb"),
    RANKING: (
        "full ndcg@10",
        "full hr@10",
        "negatives ndcg@10",
        "negatives hr@10",
        "coverage",
        "novelty",
        "diversity",
        "fit_seconds",
        "predict_seconds",
        "peak_memory_mb",
    ),
}
"""What a table of each protocol shows; the first one is what it is sorted by."""
_LESS_IS_BETTER = frozenset({"rmse", "mae", "fit_seconds", "predict_seconds", "peak_memory_mb"})


@dataclass(frozen=True)
class Contender:
    """An `algorithm` with `settings`; `name`: how it was asked for, `svd` or `svd:n_factors=50,n_epochs=40`."""

    name: str
    algorithm: str
    settings: Mapping[str, Setting]

    @classmethod
    def of(cls, name: str) -> "Contender":
        """The one of that name; ConfigError for an unknown algorithm or a bad setting."""
        algorithm, _, assignments = name.partition(":")
        settings = parse_settings(algorithm, [each for each in assignments.split(",") if each])
        make_config(algorithm, settings)
        return cls(name, algorithm, settings)


class Result(NamedTuple):
    """What a contender did by a `protocol`: the figures of `evaluate`, or the `error` that says why there are none."""

    contender: str
    protocol: str
    figures: Mapping[str, Any]
    error: str = ""

    def figure(self, column: str) -> float | None:
        """The value of a column, such as `rmse` or `full ndcg@10`; None where it was not measured."""
        group, _, name = column.rpartition(" ")
        found = self.figures.get(group, {}) if group else self.figures
        value = found.get(name)
        return None if value is None else float(value)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        told = {"contender": self.contender, "protocol": self.protocol}
        return {**told, "error": self.error} if self.error else {**told, **self.figures}


def compare_algorithms(contenders: Sequence[Contender], protocols: Mapping[str, Sequence[str]]) -> Iterator[Result]:
    """Evaluate every contender by every protocol, one after another.

    `protocols`: `stars`, `ranking` or both, each with the arguments of `matinee evaluate` that say what is asked.
    """
    for protocol, arguments in protocols.items():
        for contender in contenders:
            yield _evaluated(contender, protocol, arguments)


def in_order(results: Sequence[Result], protocol: str) -> list[Result]:
    """The results of a protocol, best first by the first of its columns; those that failed last."""
    column = COLUMNS[protocol][0]

    def place(result: Result) -> tuple[bool, float]:
        value = result.figure(column)
        return value is None, (0.0 if value is None else value) * (1 if column in _LESS_IS_BETTER else -1)

    return sorted((result for result in results if result.protocol == protocol), key=place)


def columns_of(results: Sequence[Result], protocol: str) -> list[str]:
    """The columns of a protocol that somebody has a figure for."""
    return [column for column in COLUMNS[protocol] if any(result.figure(column) is not None for result in results)]


def best_value(results: Sequence[Result], column: str) -> float | None:
    """The best figure in a column, None where there is none."""
    values = [value for result in results if (value := result.figure(column)) is not None]
    if not values:
        return None
    return min(values) if column in _LESS_IS_BETTER else max(values)


def _evaluated(contender: Contender, protocol: str, arguments: Sequence[str]) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        settings = [f"{name}={'none' if value is None else value}" for name, value in contender.settings.items()]
        command = [sys.executable, "-m", "recommender", "evaluate", "--algorithm", contender.algorithm]
        command += ["--protocol", protocol, *arguments, "--json", str(out), *(["--set", *settings] if settings else [])]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, env=_environment())
        if ended.returncode:
            return Result(contender.name, protocol, {}, _reason(ended))
        figures: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return Result(contender.name, protocol, figures)


def _reason(ended: "subprocess.CompletedProcess[str]") -> str:
    """Why a process failed: its last words, or the signal that ended it, such as 9 when memory ran out."""
    if ended.returncode < 0:
        return f"ended by signal {-ended.returncode}" + (" (out of memory?)" if ended.returncode == -9 else "")  # noqa: PLR2004 - SIGKILL.
    lines = ended.stderr.strip().splitlines()
    return lines[-1].removeprefix("matinee: ") if lines else f"ended with status {ended.returncode}"


def _environment() -> dict[str, str]:
    """This process's environment, in which the package is found where this one was."""
    source = str(Path(recommender.__file__).parents[1])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{known}" if known else source}
