"""How far long work has come: a bar on a terminal, a line every few seconds in a log."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def progress_shown(label: str, *, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the amount that was done since its last call."""
    if not sys.stderr.isatty():
        yield _LogLines(label, total=total, unit=unit).advance
        return
    with tqdm(desc=label, total=total, unit=f" {unit}", unit_scale=True, leave=False) as bar:

        def advance(amount: int) -> None:
            bar.update(amount)

        yield advance


class _LogLines:
    """The same for logs, where a bar would be one endless line."""

    def __init__(self, label: str, *, total: int | None, unit: str) -> None:
        self.label = label
        self.total = total
        self.unit = unit
        self.done = 0
        self.logged_at = time.monotonic()

    def advance(self, amount: int) -> None:
        """Count ``amount`` as done, and log where we are if the last line is old."""
        self.done += amount
        now = time.monotonic()
        if now - self.logged_at < SECONDS_BETWEEN_LINES:
            return
        self.logged_at = now
        total = "" if self.total is None else f" of {self.total:,}"
        logger.info("%s: %s%s %s", self.label, f"{self.done:,}", total, self.unit)
