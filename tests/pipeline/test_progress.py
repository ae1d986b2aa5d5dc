"""What is shown of long work while it runs."""

import io
import sys
import threading
import time

import pytest
from tests.streams import Terminal, log_of, wait_for_text

from pipeline import progress
from pipeline.progress import show_progress


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)
    return log_of(progress.logger, monkeypatch)


def test_a_log_has_lines_also_while_nothing_is_finished(log: io.StringIO) -> None:
    with show_progress("training", total=2000, unit="epochs") as advance:
        wait_for_text(log, "training: 0 of 2,000 epochs after 0 s\n")
        advance(1000)
        advance(234)
        wait_for_text(log, "training: 1,234 of 2,000 epochs after ")
    said = log.getvalue()
    time.sleep(0.05)
    assert log.getvalue() == said


def test_a_log_of_work_without_a_known_end_counts_alone(log: io.StringIO) -> None:
    with show_progress("searching", total=None, unit="trainings") as advance:
        advance(3)
        wait_for_text(log, "searching: 3 trainings after ")


def test_a_terminal_has_a_bar_whose_clock_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_BARS", 0.05)
    with show_progress("training", total=20, unit="epochs"):
        wait_for_text(terminal, "\rtraining:   0%")
        wait_for_text(terminal, "0.00/20.0 [00:01<")


def test_an_error_ends_the_lines_too(log: io.StringIO) -> None:
    with pytest.raises(ValueError, match="no"), show_progress("training", total=1, unit="epochs"):
        raise ValueError("no")
    assert "repeated" not in {thread.name for thread in threading.enumerate()}
