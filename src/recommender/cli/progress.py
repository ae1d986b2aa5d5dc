"""How far long work has come, on the standard error stream: a bar on a terminal, else a line every few seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def show_progress(label: str, *, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the amount that was done since its last call."""
    if not sys.stderr.isatty():
        yield _Lines(label, total=total, unit=unit).advance
        return
    from tqdm import tqdm  # noqa: PLC0415 - a process whose errors go to a log never needs it.

    with tqdm(desc=label, total=total, unit=f" {unit}", unit_scale=True, leave=False) as bar:

        def advance(amount: int) -> None:
            bar.update(amount)

        yield advance


class _Lines:
    """The same for logs, where a bar would be one endless line."""

    def __init__(self, label: str, *, total: int | None, unit: str) -> None:
        self.label = label
        self.total = total
        self.unit = unit
        self.done = 0
        self.written_at = time.monotonic()

    def advance(self, amount: int) -> None:
        """Count `amount` as done, and write where we are if the last line is old."""
        self.done += amount
        now = time.monotonic()
        if now - self.written_at < _SECONDS_BETWEEN_LINES:
            return
        self.written_at = now
        total = "" if self.total is None else f" of {self.total:,}"
        sys.stderr.write(f"{self.label}: {self.done:,}{total} {self.unit}\n")


@contextmanager
def show_transfer(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function to call with how many bytes are here and how many there will be, None where nobody knows."""
    with ExitStack() as shown:
        advance: Callable[[int], None] | None = None
        shown_before = 0

        def on_bytes(done: int, total: int | None) -> None:
            nonlocal advance, shown_before
            if advance is None:
                advance = shown.enter_context(show_progress(label, total=total, unit="bytes"))
            advance(done - shown_before)
            shown_before = done

        yield on_bytes
