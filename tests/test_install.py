"""What people see while `requirements/install.py` installs a list, and when it cannot."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from requirements.install import Progress

from config.env import PROJECT_ROOT
from tests.wheels import wheel_write

INSTALL = PROJECT_ROOT / "requirements" / "install.py"
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a new environment, which has the pip that Python brings."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    return environment / "bin" / "python"


@pytest.fixture
def two_packages(tmp_path: Path) -> Path:
    """Return a list that pins two packages, which lie beside it, and one that no system has."""
    pins = [f"{name}==1.0 --hash=sha256:{wheel_write(tmp_path, name, '1.0')}" for name in ("film-reel", "popcorn")]
    elsewhere = f"curtain==1.0 ; sys_platform == 'none' --hash=sha256:{'0' * 64}"
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join([*pins, elsewhere]))
    return listed


def command(python: Path, listed: Path) -> list[str | Path]:
    return [python, INSTALL, listed, "--no-index", "--find-links", listed.parent, "--force-reinstall"]


def environment(**more: str) -> dict[str, str]:
    """Return an environment without settings of pip's that this machine may have."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PIP_")} | {
        "PIP_CONFIG_FILE": os.devnull,
        **more,
    }


def all_of(terminal: int) -> bytes:
    """Return what is written to a terminal until everybody else has left it."""
    said = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            # Linux reports an error here, where other systems return no bytes.
            return said
        if not part:
            return said
        said += part


def test_a_list_is_installed_and_its_first_and_last_line_say_so(python: Path, two_packages: Path) -> None:
    said = subprocess.run(command(python, two_packages), env=environment(), capture_output=True, check=True, text=True)
    first, *_, last = said.stdout.splitlines()
    assert re.fullmatch(rf"Installing {two_packages}: 3 packages, with pip [\d.]+", first)
    assert re.fullmatch(rf"Installed {two_packages} in \d+ s", last)
    assert said.stderr == ""
    subprocess.run([python, "-c", "import film_reel, popcorn"], check=True)
    assert "Successfully installed" in (python.parents[1] / "install.log").read_text()


def test_log_lines_show_progress_at_intervals(python: Path, two_packages: Path) -> None:
    program = "from sys import argv; from pathlib import Path; from requirements.install import install"
    program += "; install(Path(argv[1]), argv[2:], seconds_between_lines=0)"
    words = [python, "-c", program, *command(python, two_packages)[2:]]
    said = subprocess.run(
        words, env=environment(PYTHONPATH=str(PROJECT_ROOT)), capture_output=True, check=True, text=True
    )
    assert re.search(r"^  (?:fetched|installed) \d of [23].*, \d s$", said.stdout, flags=re.MULTILINE)
    assert "\r" not in said.stdout


def test_on_a_terminal_one_line_counts(python: Path, two_packages: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(command(python, two_packages), env=environment(), stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = all_of(ours)
    os.close(ours)
    assert process.returncode == 0
    assert re.search(rb"\r\x1b\[K  (?:fetched|installed) \d of [23].*\r\x1b\[KInstalled", said)


def test_a_failure_shows_the_reason_and_where_the_rest_is(python: Path, two_packages: Path) -> None:
    two_packages.write_text(re.sub("sha256:.", "sha256:x", two_packages.read_text()).replace("sha256:x", "sha256:0"))
    said = subprocess.run(command(python, two_packages), env=environment(), capture_output=True, check=False, text=True)
    log = python.parents[1] / "install.log"
    assert said.returncode == 1
    assert f"pip could not install {two_packages}" in said.stdout
    assert str(log) in said.stdout
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in said.stderr
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in log.read_text()
    assert "Traceback" not in said.stdout + said.stderr


def test_an_interruption_ends_pip_and_says_how_to_continue(python: Path, two_packages: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(60)
        silent = f"http://127.0.0.1:{index.getsockname()[1]}/"
        with subprocess.Popen(
            [python, INSTALL, two_packages, "--force-reinstall", "--index-url", silent],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Shells may have us ignore it.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 tests have one thread
        ) as process:
            asked, _ = index.accept()
            with asked:
                process.send_signal(signal.SIGINT)
                said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Interrupted. Run the same command again to continue."
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_list_that_is_not_there_is_named(python: Path, tmp_path: Path) -> None:
    said = subprocess.run([python, INSTALL, tmp_path / "no.txt"], capture_output=True, check=False, text=True)
    assert said.returncode == 2
    assert said.stderr.endswith(f"There is no list {tmp_path / 'no.txt'}.\n")


def test_python_outside_of_an_environment_is_refused(two_packages: Path) -> None:
    bare = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    said = subprocess.run([bare, INSTALL, two_packages], capture_output=True, check=False, text=True)
    assert said.returncode == 2
    assert "is not the Python of a virtual environment; `make install` makes one" in said.stderr


PIP_22 = """
Ignoring numpy: markers 'python_full_version >= "3.12"' don't match your environment
Collecting coverage[toml]==7.17.3
  Downloading coverage-7.17.3-py3-none-any.whl (1 kB)
Processing ./wheels/argon2_cffi-25.1.0-py3-none-any.whl
Collecting kombu>=5.7
"""
PIP_26 = """
Ignoring numpy: markers 'python_full_version >= "3.12"' don't match your environment
Collecting coverage==7.17.3 (from -r dev.txt (line 693))
Collecting coverage[toml]==7.17.3 (from -r dev.txt (line 700))
Requirement already satisfied: argon2-cffi==25.1.0 in ./site-packages (from -r dev.txt (line 20)) (25.1.0)
Requirement already satisfied: argon2-cffi>=21 in ./site-packages (from jupyter-server==2->-r dev.txt (line 9)) (25.1.0)
Collecting kombu>=5.7 (from celery==5.7->-r dev.txt (line 9))
"""


@pytest.mark.parametrize("said", [PIP_22, PIP_26])
def test_progress_counts_each_package_once(said: str, tmp_path: Path) -> None:
    pins = ["argon2-cffi", "coverage", "coverage", "numpy", "numpy", "scipy"]
    progress = Progress(pins, site_packages=tmp_path)
    assert str(progress) == "fetched 0 of 4"
    progress.observe("Ignoring scipy: markers 'sys_platform == \"win32\"' don't match your environment\n")
    for line in said.splitlines(keepends=True):
        progress.observe(line)
    assert str(progress) == "fetched 2 of 3 (argon2-cffi)"
    (tmp_path / "numpy-2.0.dist-info").mkdir()
    progress.observe("Installing collected packages: coverage, argon2-cffi\n")
    (tmp_path / "coverage-7.17.3.dist-info").mkdir()
    assert str(progress) == "installed 1 of 2"
