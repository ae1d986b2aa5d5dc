"""Progress of long-running work: a bar on a terminal, a line every few seconds in the log.

Both also show the time that passes while no part of the work ends.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_BARS = 1.0


class Progress:
    """Progress of `total` units, None if the number is unknown. Use it as a context manager."""

    def __init__(self, label: str, *, total: int | None, unit: str) -> None:
        self._label, self._total, self._unit = label, total, unit
        self._done, self._step, self._began = 0, "", time.monotonic()
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        if not sys.stderr.isatty():
            self._bar = None
            self._exit.enter_context(_call_repeatedly(self._log, seconds=SECONDS_BETWEEN_LINES))
            return self
        from tqdm import tqdm  # noqa: PLC0415 - a process whose errors go to a log never needs it.

        bar = tqdm(desc=self._label, total=self._total, unit=f" {self._unit}", unit_scale=True, leave=False)
        self._bar = self._exit.enter_context(bar)
        self._exit.enter_context(_call_repeatedly(bar.refresh, seconds=SECONDS_BETWEEN_BARS))
        return self

    def __exit__(self, *_error: object) -> None:
        self._exit.close()

    def advance(self, amount: int) -> None:
        """Count `amount` more units as done."""
        self._done += amount
        if self._bar is not None:
            self._bar.update(amount)

    def step(self, text: str) -> None:
        """Show `text`, the present step, in place of the units."""
        self._step = text
        if self._bar is not None:
            self._bar.set_description(text)

    def _log(self) -> None:
        total = "" if self._total is None else f" of {self._total:,}"
        state = self._step.lower() or f"{self._done:,}{total} {self._unit}"
        logger.info("%s: %s after %.0f s", self._label, state, time.monotonic() - self._began)


@contextmanager
def show_progress(label: str, *, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the amount that was done since its last call."""
    with Progress(label, total=total, unit=unit) as progress:
        yield progress.advance


@contextmanager
def show_transfer(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function to call with the number of bytes present and expected, None if that is unknown."""
    with ExitStack() as stack:
        advance: Callable[[int], None] | None = None
        done_before = 0

        def on_bytes(done: int, total: int | None) -> None:
            nonlocal advance, done_before
            if advance is None:
                advance = stack.enter_context(show_progress(label, total=total, unit="bytes"))
            advance(done - done_before)
            done_before = done

        yield on_bytes


def log_to_stderr() -> None:
    """Let the log lines go to the standard error stream, for programs that configure no logging."""
    logger.handlers = [logging.StreamHandler()]
    logger.setLevel(logging.INFO)


@contextmanager
def _call_repeatedly(action: Callable[[], object], *, seconds: float) -> Iterator[None]:
    """Call `action` every so many seconds in another thread, for the length of a `with` block."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, name="repeated", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
