"""How far long work has come: a bar on a terminal, a line every few seconds in a log."""

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from recommender.threads import call_repeatedly

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_BARS = 1.0


@contextmanager
def show_progress(label: str, *, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the amount that was done since its last call.

    The bar and the lines also tell of the time that passes while nothing is finished.
    """
    if not sys.stderr.isatty():
        lines = _LogLines(label, total=total, unit=unit)
        with call_repeatedly(lines.write, seconds=SECONDS_BETWEEN_LINES):
            yield lines.advance
        return
    with (
        tqdm(desc=label, total=total, unit=f" {unit}", unit_scale=True, leave=False) as bar,
        call_repeatedly(bar.refresh, seconds=SECONDS_BETWEEN_BARS),
    ):

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
        self.began = time.monotonic()

    def advance(self, amount: int) -> None:
        """Count ``amount`` as done."""
        self.done += amount

    def write(self) -> None:
        """Log where we are."""
        total = "" if self.total is None else f" of {self.total:,}"
        seconds = time.monotonic() - self.began
        logger.info("%s: %s%s %s after %.0f s", self.label, f"{self.done:,}", total, self.unit, seconds)
