"""Check the structure of the sources: no import circles, short files, short functions.

    python .ci/structure.py [FOLDER]

Every import counts: at the top of a module, inside a function, and under ``TYPE_CHECKING``. Prints each violation with
its file and line, and exits with 1 if there is one.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCES = ("src", "tests", "benchmarks", "requirements", ".ci")
LONGEST_FILE = 300
LONGEST_FUNCTION = 40


def python_files(root: Path, folders: tuple[str, ...] = SOURCES) -> list[Path]:
    """Return the Python files below ``folders``, without migrations."""
    paths = (path for folder in folders for path in sorted((root / folder).rglob("*.py")))
    return [path for path in paths if "migrations" not in path.parts]


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a module below ``root``; a package has the name of its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(tree: ast.Module, modules: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules among ``modules`` that a module imports; ``from package import module`` names the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in modules:
                    yield inner
                elif node.module in modules:
                    yield node.module


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import one another, directly or through others."""
    reached = {start: _reachable(graph, start) for start in graph}
    found: dict[str, list[str]] = {}
    for name in sorted(graph):
        if name in reached[name]:
            group = sorted(other for other in reached[name] if name in reached.get(other, set()))
            found.setdefault(group[0], group)
    return list(found.values())


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for name in graph.get(waiting.pop(), set()) - reached:
            reached.add(name)
            waiting.append(name)
    return reached


def circle_violations(sources: Path) -> Iterator[str]:
    """Yield a line for each import circle below ``sources``."""
    paths = {module_name(path, sources): path for path in python_files(sources, (".",))}
    graph = {
        name: set(imports_of(ast.parse(path.read_text(encoding="utf-8")), paths)) - {name}
        for name, path in paths.items()
    }
    for group in circles(graph):
        yield f"{sources}: these modules import one another: {', '.join(group)}"


def length_violations(path: Path) -> Iterator[str]:
    """Yield a line for a file that is too long, and for each function that is, its docstring not counted."""
    text = path.read_text(encoding="utf-8")
    if (n_lines := len(text.splitlines())) > LONGEST_FILE:
        yield f"{path}:{LONGEST_FILE + 1}: the file has {n_lines} lines, at most {LONGEST_FILE} are allowed"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            n_lines = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
            if n_lines > LONGEST_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {n_lines} lines, at most {LONGEST_FUNCTION} are allowed"


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


def main(root: Path) -> int:
    """Print all violations below ``root``; return the exit status."""
    violations = [*circle_violations(root / "src")]
    for path in python_files(root):
        violations += length_violations(path)
    for line in violations:
        print(line, file=sys.stderr)  # noqa: T201 - a program's output.
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2])))
