"""Running the command line as people do: in a process of its own."""

import subprocess
import sys
from pathlib import Path

import recommender

SRC = Path(recommender.__file__).parents[1]


def matinee(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `python -m recommender` with these arguments to its end."""
    command = [sys.executable, "-m", "recommender", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=SRC, timeout=120)
