"""Install one of the pinned lists with pip, and show how far it has come.

    .venv/bin/python requirements/install.py requirements/dev.txt [more options of pip install]

By itself, pip writes several lines for each package or, with ``--quiet``, nothing for minutes. This script writes one
line that counts up on a terminal, and a line every few seconds in a log. It keeps all of pip's output in
``install.log`` of the environment.

It runs in an environment that is still empty, so it needs nothing but Python and pip, any version since 22.3.
"""

import argparse
import re
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_LEAVE = 10.0
# How many of pip's own lines a failure shows; the reason stands at their end.
LAST_LINES = 20

# pip says once of each package that it fetches it or has it: by its requirement or, for a file, by its path.
_PACKAGE = re.compile(
    r"(?:Collecting|Processing|Requirement already satisfied:) (?:\S*/)?([\w.-]+?)(?:[\[\s=<>!~;]|-\d|$)", re.ASCII
)
# A pin for other systems or other versions of Python.
_IGNORED = re.compile(r"Ignoring ([\w.-]+?)(?:\[[^]]*\])?: ", re.ASCII)
_PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==", re.ASCII | re.MULTILINE)


class Progress:
    """How far pip is, by what it says and by the packages that are there.

    Args:
        pins: the name in each line of the list that pins a version.
        site_packages: the folder that pip installs into.

    """

    def __init__(self, pins: Sequence[str], *, site_packages: Path) -> None:
        self._pins = Counter(_canonical(name) for name in pins)
        self._site_packages = site_packages
        self._fetched: set[str] = set()
        self._package = ""
        self._n_to_install = 0
        self._n_before = 0

    def observe(self, line: str) -> None:
        """Take note of a line that pip has written."""
        if match := _IGNORED.match(line):
            self._pins[_canonical(match[1])] -= 1
        elif line.startswith("Installing collected packages: "):
            self._n_before = self._n_installed()
            self._n_to_install = line.count(",") + 1
        elif (match := _PACKAGE.match(line)) and (name := _canonical(match[1])) in self._pins:
            self._fetched.add(name)
            self._package = name

    def __str__(self) -> str:
        if self._n_to_install:
            # A package that replaces an older one is not counted, so this may end a little early.
            return f"installed {max(self._n_installed() - self._n_before, 0)} of {self._n_to_install}"
        n_packages = sum(n > 0 for n in self._pins.values())
        return f"fetched {len(self._fetched)} of {n_packages}" + (f" ({self._package})" if self._package else "")

    def _n_installed(self) -> int:
        return sum(1 for _ in self._site_packages.glob("*.dist-info"))


class Display:
    """Shows progress on standard output: in place on a terminal, as a line now and then elsewhere."""

    def __init__(self, *, seconds_between_lines: float) -> None:
        self._in_place = sys.stdout.isatty()
        self._seconds_between_lines = seconds_between_lines
        self._began = self._shown = time.monotonic()

    def show(self, progress: Progress) -> None:
        """Show where we are, if it is time to."""
        now = time.monotonic()
        text = f"  {progress}, {now - self._began:.0f} s"
        if self._in_place:
            sys.stdout.write(f"\r\033[K{text}")
            sys.stdout.flush()
        elif now - self._shown >= self._seconds_between_lines:
            self._shown = now
            self.say(text)

    def say(self, text: str) -> None:
        """Write a line that stays."""
        start = "\r\033[K" if self._in_place else ""
        sys.stdout.write(f"{start}{text}\n")
        sys.stdout.flush()

    def seconds(self) -> float:
        """Return how long it has taken so far."""
        return time.monotonic() - self._began


def install(
    requirements: Path, options: Sequence[str] = (), *, seconds_between_lines: float = SECONDS_BETWEEN_LINES
) -> int:
    """Install a list into the environment of this Python, and return the exit status: 0, pip's own, or 130."""
    pins = _PIN.findall(requirements.read_text(encoding="utf-8"))
    progress = Progress(pins, site_packages=Path(sysconfig.get_path("purelib")))
    display = Display(seconds_between_lines=seconds_between_lines)
    display.say(f"Installing {requirements}: {len(set(pins))} packages, with pip {version('pip')}")
    output: list[str] = []
    pip = _pip_start(requirements, options)
    reader = threading.Thread(target=_read, args=(pip.stdout, output, progress), daemon=True)
    reader.start()
    try:
        while reader.is_alive():
            display.show(progress)
            reader.join(SECONDS_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        _interrupt(pip)
        display.say("Interrupted. Run the same command again to continue.")
        return 130
    status = pip.wait()
    log = Path(sys.prefix) / "install.log"
    log.write_text("".join(output), encoding="utf-8")
    if status == 0:
        display.say(f"Installed {requirements} in {display.seconds():.0f} s")
    else:
        display.say(f"pip could not install {requirements}. All of its output is in {log}; it ends:")
        sys.stderr.writelines(output[-LAST_LINES:])
    return status


def _pip_start(requirements: Path, options: Sequence[str]) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar=off",
    ]
    return subprocess.Popen(
        [*command, "--require-hashes", "--requirement", str(requirements), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )


def _canonical(name: str) -> str:
    """Return the one form of a package's name, in which ``Scikit_Learn`` and ``scikit-learn`` are the same."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _interrupt(pip: subprocess.Popen[str]) -> None:
    """Ask pip to stop, and kill it if it does not."""
    pip.send_signal(signal.SIGINT)
    try:
        pip.wait(SECONDS_TO_LEAVE)
    except subprocess.TimeoutExpired:
        pip.kill()
        pip.wait()


def _read(lines: Iterable[str], output: list[str], progress: Progress) -> None:
    for line in lines:
        output.append(line)
        progress.observe(line)


def main() -> int:
    """Parse the command line and install."""
    parser = argparse.ArgumentParser(description="Install a pinned list with pip, and show how far it has come.")
    parser.add_argument("requirements", type=Path, help="the list; everything after it goes to pip install")
    parsed, options = parser.parse_known_args()
    if sys.prefix == sys.base_prefix:
        parser.error(f"{sys.executable} is not the Python of a virtual environment; `make install` makes one.")
    if not parsed.requirements.is_file():
        parser.error(f"There is no list {parsed.requirements}.")
    return install(parsed.requirements, options)


if __name__ == "__main__":
    sys.exit(main())
