"""docs/architecture.md opens with walks through the code; each step names a function that exists."""

import ast
import re

import pytest

from config.env import PROJECT_ROOT

WALKS = ("A rating", "A training", "An import")
STEPS_AT_MOST = 12


def steps_of(walk: str) -> list[tuple[str, str]]:
    """Return the (file, function) pairs of the walk's numbered list."""
    text = (PROJECT_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    _, _, section = text.partition(f"\n### {walk}\n")
    lines = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
    steps: list[tuple[str, str]] = re.findall(r"^\d+\. `([\w/]+\.py):([\w.]+)`", lines, flags=re.MULTILINE)
    assert len(steps) == len(re.findall(r"^\d+\.", lines, flags=re.MULTILINE)), "a step names no file:function"
    return steps


def definitions(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """Return the names of functions and of methods, as ``function`` and ``Class.method``."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.add(prefix + node.name)
        elif isinstance(node, ast.ClassDef):
            found |= definitions(node.body, f"{prefix}{node.name}.")
    return found


@pytest.mark.parametrize("walk", WALKS)
def test_each_step_of_a_walk_names_a_function_in_its_file(walk: str) -> None:
    missing = []
    for file, function in steps_of(walk):
        path = PROJECT_ROOT / "src" / file
        if not path.is_file() or function not in definitions(ast.parse(path.read_text(encoding="utf-8")).body):
            missing.append(f"{file}:{function}")

    assert missing == []


@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_is_short_enough_to_read(walk: str) -> None:
    assert 2 < len(steps_of(walk)) <= STEPS_AT_MOST
