"""An empty site for a benchmark: embedded servers in a temporary folder, and commands as processes of their own."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "src"
SECONDS_TO_STOP = 6
SETUP = "import django; django.setup()\n"
KEEPER = "import sys\nfrom django.db import connection\nconnection.ensure_connection()\nsys.stdin.read()\n"


@dataclass(frozen=True)
class Site:
    """`folder`: where everything is that the site writes."""

    folder: Path

    def manage(self, *arguments: object, rows: int | None = None) -> float:
        """Run a command of the site, print what it took, and return its seconds."""
        words = [str(argument) for argument in arguments]
        return self.run([sys.executable, str(SOURCES / "manage.py"), *words], name=words[0], rows=rows)

    def python(self, code: str, *, name: str, rows: int | None = None) -> float:
        """The same with a piece of Python, which finds Django set up."""
        return self.run([sys.executable, "-c", SETUP + code], name=name, rows=rows)

    def run(self, command: Sequence[str], *, name: str, rows: int | None = None) -> float:
        """Run any program in the site's environment."""
        began = time.perf_counter()
        process = subprocess.Popen(command, env=self.environment())
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{name} failed")
        speed = f"{rows / seconds:12,.0f} rows/s" if rows else ""
        print(f"  {name:28} {seconds:7.1f} s  peak {peak_megabytes(usage):6,.0f} MB {speed}", flush=True)
        return seconds

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        own = {"VAR_DIR": str(self.folder), "PYTHONPATH": str(SOURCES), "DJANGO_SETTINGS_MODULE": "config.settings"}
        return {**inherited, **own, "LOG_LEVEL": "WARNING"}


@contextmanager
def temporary_site() -> Iterator[Site]:
    """Make an empty site, and remove it afterwards."""
    site = Site(Path(tempfile.mkdtemp(prefix="matinee-benchmark-")))
    # Hold the embedded servers for the whole time, as the processes of a site would.
    keeper = subprocess.Popen([sys.executable, "-c", SETUP + KEEPER], env=site.environment(), stdin=subprocess.PIPE)
    try:
        site.manage("migrate", "--verbosity=0")
        yield site
    finally:
        keeper.communicate()
        # The servers stop two seconds after the last process that used them, and tidy up meanwhile.
        time.sleep(SECONDS_TO_STOP)
        shutil.rmtree(site.folder, ignore_errors=True)


def peak_megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
