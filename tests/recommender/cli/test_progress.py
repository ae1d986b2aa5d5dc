import io
import sys

import pytest

from recommender.cli import progress
from recommender.cli.progress import show_progress, show_transfer


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with show_progress("Working", total=40, unit="rows") as advance:
        advance(40)
    text = terminal.getvalue()
    assert "\rWorking: " in text
    assert "0.00/40.0 [" in text


def test_a_log_sees_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with show_progress("Working", total=40, unit="rows") as advance:
        advance(10)
        monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
        advance(20)
    assert log.getvalue() == "Working: 30 of 40 rows\n"


def test_a_transfer_counts_what_was_there_before_and_learns_its_size_as_it_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    with show_transfer("Fetching") as on_bytes:
        on_bytes(1500, 4000)
        on_bytes(4000, 4000)
    lines = log.getvalue().splitlines()
    assert lines == ["Fetching: 1,500 of 4,000 bytes", "Fetching: 4,000 of 4,000 bytes"]
