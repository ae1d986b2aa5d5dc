"""What `make lint` says of import circles, long files and long functions."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PROJECT_ROOT

CHECK = PROJECT_ROOT / ".ci" / "structure.py"


def violations(root: Path) -> list[str]:
    done = subprocess.run([sys.executable, str(CHECK), str(root)], capture_output=True, text=True, check=False)
    assert done.returncode == bool(done.stderr)
    return done.stderr.splitlines()


def write(root: Path, **modules: str) -> None:
    for name, text in modules.items():
        path = root / "src" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_modules_that_import_one_way_pass(tmp_path: Path) -> None:
    write(tmp_path, app__a="import app.b\nfrom app import c\n", app__b="from app.c import x\n", app__c="import json\n")
    assert violations(tmp_path) == []


@pytest.mark.parametrize(
    "text",
    [
        "import app.a\n",
        "from app import a\n",
        "from app.a import x\n",
        "def f() -> None:\n    from app.a import x\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.a import x\n",
    ],
)
def test_a_circle_is_found_however_it_is_imported(tmp_path: Path, text: str) -> None:
    write(tmp_path, app__a="from app.b import y\n", app__b="from app.c import z\n", app__c=text)
    (line,) = violations(tmp_path)
    assert line.endswith("these modules import one another: app.a, app.b, app.c")


def test_two_circles_are_two_lines(tmp_path: Path) -> None:
    write(tmp_path, a="import b", b="import a", c="import d", d="import c", e="import a")
    assert [line.rpartition(": ")[2] for line in violations(tmp_path)] == ["a, b", "c, d"]


def test_files_and_functions_are_short(tmp_path: Path) -> None:
    body = "    x = 1\n" * 39
    method = "        x = 1\n" * 40
    write(
        tmp_path,
        file300="x = 1\n" * 300,
        file301="x = 1\n" * 301,
        function40=f"def f() -> None:\n{body}",
        documented=f'def f() -> None:\n    """One.\n\n    Two.\n    """\n{body}',
        function41=f"class C:\n    x = 1\n\n    async def f(self) -> None:\n{method}",
    )
    long_file, long_function = sorted(violations(tmp_path))
    assert long_file.endswith("file301.py:301: the file has 301 lines, at most 300 are allowed")
    assert long_function.endswith("function41.py:4: f has 41 lines, at most 40 are allowed")
