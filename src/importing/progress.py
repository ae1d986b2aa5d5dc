"""How far a long import is: a bar on a terminal, a line every few seconds in a log."""

import logging
import sys
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from tqdm import tqdm

from recommender.threads import call_repeatedly

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 5.0
SECONDS_BETWEEN_BARS = 1.0


class Progress:
    """Follows the bytes read out of ``total``, then names the steps after reading."""

    def __init__(self, *, total: int) -> None:
        """Show a bar where standard error is a terminal, and log lines otherwise."""
        self._total = total
        self._read = 0
        self._step = ""
        self._began = time.monotonic()
        self._shown = ExitStack()
        self._bar = (
            tqdm(total=total, unit="B", unit_scale=True, desc="Reading", leave=False) if sys.stderr.isatty() else None
        )

    def advance(self, count: int) -> None:
        """Take note of ``count`` more bytes."""
        self._read += count
        if self._bar is not None:
            self._bar.update(count)

    def step(self, text: str) -> None:
        """Say what is being done now."""
        self._step = text
        if self._bar is not None:
            self._bar.set_description(text)

    def __enter__(self) -> Self:
        if self._bar is None:
            self._shown.enter_context(call_repeatedly(self._log, seconds=SECONDS_BETWEEN_LINES))
        else:
            self._shown.enter_context(self._bar)
            self._shown.enter_context(call_repeatedly(self._bar.refresh, seconds=SECONDS_BETWEEN_BARS))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._shown.close()

    def _log(self) -> None:
        read = f"read {100 * self._read // max(self._total, 1)} % of {self._total / 1e6:.0f} MB"
        logger.info("Import: %s after %.0f s", self._step.lower() or read, time.monotonic() - self._began)
