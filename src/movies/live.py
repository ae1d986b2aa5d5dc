"""The live model in this process, memory-mapped. It is loaded when it is first needed, and again after a promotion."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from movies.models import ModelVersion
from recommender.algorithms import load_model
from recommender.contract import AnyModel
from recommender.errors import RecommenderError

logger = logging.getLogger(__name__)

# A model that could not be read is read again after this time, not on every request.
RETRY_SECONDS = 30.0


@dataclass(frozen=True)
class LiveModel:
    """A model with data of its row. It contains every rating changed before ``trained_until``."""

    version_id: int
    trained_until: datetime
    path: Path
    model: AnyModel


class _ModelCache:
    """The model of all threads. A model in use stays readable when its files are removed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: LiveModel | None = None
        self._failed: tuple[Path, float] | None = None

    def get(self, version: ModelVersion) -> LiveModel | None:
        path = Path(settings.MODELS_DIR) / version.folder
        current = self._current
        if current is not None and current.path == path:
            return current
        with self._lock:
            return self._load(version, path)

    def _load(self, version: ModelVersion, path: Path) -> LiveModel | None:
        """Return the model, which another thread may have loaded while this one waited for the lock."""
        if self._current is not None and self._current.path == path:
            return self._current
        if self._failed is not None and self._failed[0] == path and time.monotonic() < self._failed[1]:
            return None
        try:
            model = load_model(path)
        except RecommenderError as error:
            self._failed = (path, time.monotonic() + RETRY_SECONDS)
            logger.error("The live model #%s cannot be used: %s", version.pk, error)  # noqa: TRY400 - the message is sufficient.
            return None
        self._current = LiveModel(version.pk, version.trained_until, path, model)
        self._failed = None
        return self._current


_cache = _ModelCache()


def live_model() -> LiveModel | None:
    """Return the live model, or ``None`` if there is none or it cannot be read, which is logged.

    Costs one indexed query, and loads the model in the first call after a promotion.
    """
    version = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first()
    return None if version is None else _cache.get(version)
