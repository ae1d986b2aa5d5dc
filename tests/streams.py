"""What long work writes meanwhile: to a log, or to a terminal."""

import io
import logging
import sys
import time

import pytest


class Terminal(io.StringIO):
    """A standard error stream that people look at."""

    def isatty(self) -> bool:
        return True


def log_of(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what a logger writes, with a standard error stream that is not a terminal."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(logger, "handlers", [logging.StreamHandler(written)])
    monkeypatch.setattr(logger, "level", logging.INFO)
    return written


def wait_for_text(written: io.StringIO, text: str) -> None:
    """Wait until a text was written."""
    deadline = time.monotonic() + 30
    while text not in written.getvalue():
        assert time.monotonic() < deadline, f"{text!r} did not appear in {written.getvalue()!r}"
        time.sleep(0.005)
