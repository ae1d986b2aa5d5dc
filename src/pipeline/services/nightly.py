"""Training the nightly algorithms one after another; the gate decides which model is live."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from pipeline.errors import PipelineError, PromotionRefusedError, TrainingError
from pipeline.services.training import model_train
from recommender.algorithms import get_algorithm
from recommender.errors import RecommenderError

logger = logging.getLogger(__name__)

# These would make the next training fail, too, so the caller should try again later.
_FATAL = (DatabaseError, InterfaceError, PipelineError, SoftTimeLimitExceeded)


@dataclass(frozen=True)
class NightlyReport:
    """A sentence about each training."""

    sentences: Sequence[str]

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def nightly_models_train() -> NightlyReport:
    """Train the algorithms in ``NIGHTLY_ALGORITHMS``, even if one of them fails or does not pass the gate.

    Raises:
        TrainingError: none could be trained.
        SnapshotError: there is no complete export of the ratings.
        StageBusyError: a training is running elsewhere.

    """
    sentences, failures = [], []
    for algorithm in settings.NIGHTLY_ALGORITHMS:
        try:
            sentences.append(_train(algorithm))
        except PromotionRefusedError as refusal:
            sentences.append(str(refusal))
        except (TrainingError, RecommenderError) as error:
            logger.warning("%s could not be trained: %s", algorithm, error)
            failures.append(f"{algorithm} could not be trained: {error}")
        except _FATAL:
            raise
        except Exception as error:
            logger.exception("%s could not be trained", algorithm)
            failures.append(f"{algorithm} could not be trained: {type(error).__name__}: {error}")
    if failures and not sentences:
        raise TrainingError(" ".join(failures))
    return NightlyReport([*sentences, *failures])


def _train(algorithm: str) -> str:
    random_holdout = get_algorithm(algorithm).random_holdout
    version = model_train(algorithm=algorithm, random_holdout=random_holdout).version
    return f"{version} is live: {version.gate_report['summary']}"
