"""Folders for embedded servers, and processes that use them."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.embedded.processes import User, wait_until_stopped

from embedded.layout import LAYOUTS


@pytest.fixture
def users(var_dir: Path) -> Iterator[Callable[..., User]]:
    """Return a maker of users of ``var_dir``; all have left and their servers have stopped when the test ends."""
    made: list[User] = []

    def make(folder: Path = var_dir, **options: object) -> User:
        made.append(User(folder, **options))  # type: ignore[arg-type]  # passed on as given
        return made[-1]

    yield make
    for user in made:
        if not user.commands.closed:
            user.kill()
    for layout in LAYOUTS.values():
        if layout(var_dir).supervisor.exists():
            wait_until_stopped(layout(var_dir))


@pytest.fixture
def var_dir(tmp_path: Path) -> Path:
    """Return a folder without any server's data."""
    return tmp_path / "var"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which PostgreSQL has run once, and has stopped."""
    folder = tmp_path_factory.mktemp("cluster")
    user = User(folder)
    assert user.ask("ensure_postgres(var_dir)") == "done"
    user.leave()
    wait_until_stopped(LAYOUTS["postgres"](folder))
    return folder


@pytest.fixture
def prepared(cluster: Path, var_dir: Path) -> Path:
    """Return ``var_dir`` with a PostgreSQL that has its database already."""
    var_dir.mkdir()
    copy = shutil.which("cp")
    assert copy is not None
    subprocess.run([copy, "-a", str(cluster / "postgres"), str(var_dir)], check=True)
    return var_dir
