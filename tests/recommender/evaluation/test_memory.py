"""Peak memory, as a process sees its own."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import recommender
from recommender.errors import ConfigError
from recommender.evaluation.memory import peak_memory_mb
from recommender.evaluation.plots import check_plot


def test_the_peak_is_that_of_this_process_and_stays_when_memory_is_given_back() -> None:
    held = np.ones(300_000_000 // 8)
    peak = peak_memory_mb()
    assert peak > held.nbytes / 1e6
    del held
    # The kernel counts by the page and by the thread, so a little may come and go.
    assert peak_memory_mb() == pytest.approx(peak, rel=0.02)


def test_a_small_process_that_a_large_one_starts_is_small() -> None:
    held = np.ones(300_000_000 // 8)
    program = "from recommender.evaluation.memory import peak_memory_mb; print(peak_memory_mb())"
    source = str(Path(recommender.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": source}
    )
    assert peak_memory_mb() > held.nbytes / 1e6
    assert float(result.stdout) < 100


def test_the_error_without_matplotlib_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError, match=r"matplotlib.*pip install -r requirements/notebooks\.txt"):
        check_plot(Path("picture.png"))
