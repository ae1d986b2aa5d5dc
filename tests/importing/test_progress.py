"""What is shown of an import while it runs."""

import sys

import pytest
from tests.streams import Terminal, log_of, wait_for_text

from importing import progress
from importing.progress import Progress


def test_a_log_tells_how_much_is_read_and_that_storing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)
    log = log_of(progress.logger, monkeypatch)
    with Progress(total=8_000_000) as shown:
        wait_for_text(log, "Import: read 0 % of 8 MB after 0 s\n")
        shown.advance(3_000_000)
        shown.advance(3_000_000)
        wait_for_text(log, "Import: read 75 % of 8 MB after ")
        shown.step("Storing")
        wait_for_text(log, "Import: storing after ")


def test_a_terminal_has_a_bar_whose_clock_goes_on_while_storing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_BARS", 0.05)
    with Progress(total=8_000_000) as shown:
        shown.advance(8_000_000)
        shown.step("Storing")
        wait_for_text(terminal, "\rStoring: 100%")
        wait_for_text(terminal, "8.00M/8.00M [00:01<")
