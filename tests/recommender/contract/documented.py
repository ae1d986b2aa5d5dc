"""The algorithm that docs/adding-an-algorithm.md adds, as the page shows it."""

import ast
import re
import sys
from types import ModuleType

import pytest

from config.env import PROJECT_ROOT
from recommender import algorithms
from recommender.algorithms import Algorithm

NAME = "trending"
MODULE = "recommender.baselines.trending"


def read_example() -> tuple[str, str]:
    """Return the source of the module and the entry of the registry."""
    page = (PROJECT_ROOT / "docs" / "adding-an-algorithm.md").read_text(encoding="utf-8")
    module, entry = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    return module, entry


def register_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the example an algorithm like any other, until the test ends."""
    source, entry = read_example()
    module = sys.modules.get(MODULE)
    if module is None:
        module = ModuleType(MODULE)
        # Types of annotations are looked up in the module, so it stays after the test, as an imported one does.
        sys.modules[MODULE] = module
        exec(compile(source, MODULE, "exec"), module.__dict__)  # noqa: S102 - the page of this project.
    algorithm = eval(entry, {"Algorithm": Algorithm})  # noqa: S307 - the same.
    monkeypatch.setattr(algorithms, "ALGORITHMS", {**algorithms.ALGORITHMS, NAME: algorithm})


def count_code_lines(source: str) -> int:
    """Return how many lines are code: no imports, comments, docstrings or blank lines."""
    tree = ast.parse(source)
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") and at not in left_out for at, line in lines)
