"""What long-running work shows while it runs."""

import io
import sys
import threading
import time

import pytest

from recommender import progress
from recommender.progress import Progress, show_progress, show_transfer
from tests.streams import Terminal, log_of, wait_for_text


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)
    return log_of(progress.logger, monkeypatch)


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_BARS", 0.05)
    return terminal


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


def test_a_log_names_the_step_in_place_of_the_units(log: io.StringIO) -> None:
    with Progress("Import", total=8_000_000, unit="bytes") as shown:
        shown.advance(3_000_000)
        wait_for_text(log, "Import: 3,000,000 of 8,000,000 bytes after 0 s\n")
        shown.step("Storing")
        wait_for_text(log, "Import: storing after ")


def test_a_transfer_counts_earlier_bytes_and_takes_the_size_when_known(log: io.StringIO) -> None:
    with show_transfer("Fetching") as on_bytes:
        on_bytes(1500, 4000)
        wait_for_text(log, "Fetching: 1,500 of 4,000 bytes after ")
        on_bytes(4000, 4000)
        wait_for_text(log, "Fetching: 4,000 of 4,000 bytes after ")


def test_a_terminal_has_a_bar_whose_clock_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with show_progress("training", total=20, unit="epochs"):
        wait_for_text(terminal, "\rtraining:   0%")
        wait_for_text(terminal, "0.00/20.0 [00:01<")


def test_a_terminal_shows_the_step_beside_the_full_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with Progress("Reading", total=8_000_000, unit="bytes") as shown:
        shown.advance(8_000_000)
        shown.step("Storing")
        wait_for_text(terminal, "\rStoring: 100%")
        wait_for_text(terminal, "8.00M/8.00M [00:01<")


def test_an_error_ends_the_lines_too(log: io.StringIO) -> None:
    with pytest.raises(ValueError, match="no"), show_progress("training", total=1, unit="epochs"):
        raise ValueError("no")
    assert "repeated" not in {thread.name for thread in threading.enumerate()}
