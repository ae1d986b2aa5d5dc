"""The stages as Celery tasks: policy around one service each. All of them may safely run twice."""

import logging
from typing import Any

from celery import chain, shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as QueueError

from movies.services.averages import movie_averages_refresh_stalest
from pipeline.errors import StageBusyError
from pipeline.models import SuggestionRefresh
from pipeline.services.distributed_refresh import shared_refresh, shared_refresh_complete, shared_refresh_help
from pipeline.services.exporting import movies_export, ratings_export
from pipeline.services.nightly import nightly_models_train
from pipeline.services.runs import run_begin, run_fail, run_note, run_stage, run_succeed
from pipeline.services.similar import similar_movies_refresh
from pipeline.services.suggesting import SuggestionReport, suggestion_lists_refresh
from pipeline.services.training import surprise_model_train
from pipeline.stage_locks import Stage

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60, 3600
AVERAGES_PER_TICK = 5000
# More processes than that would wait for each other's reading and writing.
HELPERS_AT_MOST = 256

# A task is acknowledged when it ends, so that one whose worker dies is delivered again. What passes by itself is tried
# again: a database that restarts, a stage that somebody runs by hand.
_POLICY: dict[str, Any] = {
    "acks_late": True,
    "autoretry_for": (OperationalError, InterfaceError, StageBusyError),
    "max_retries": 4,
    "retry_backoff": 15,
    "retry_backoff_max": 5 * MINUTE,
}
_EXPORT: dict[str, Any] = {**_POLICY, "soft_time_limit": 2 * HOUR, "time_limit": 2 * HOUR + MINUTE}
_LONG: dict[str, Any] = {**_POLICY, "soft_time_limit": 6 * HOUR, "time_limit": 6 * HOUR + MINUTE}


@shared_task(name="pipeline.refresh_rating_averages", soft_time_limit=5 * MINUTE, time_limit=6 * MINUTE, **_POLICY)
def refresh_rating_averages() -> str:
    """Recount the ratings of the movies that were checked longest ago."""
    summary = movie_averages_refresh_stalest(count=AVERAGES_PER_TICK)
    return f"{summary.checked} movies checked, {summary.corrected} corrected"


@shared_task(name="pipeline.export_ratings", **_EXPORT)
def export_ratings(run_id: int | None = None) -> str:
    """Write the ratings to a new snapshot."""
    with run_stage(run_id, Stage.EXPORT_RATINGS):
        export = ratings_export()
    return f"{export.rows} ratings in {export.folder}"


@shared_task(name="pipeline.export_movies", **_EXPORT)
def export_movies(run_id: int | None = None) -> str:
    """Write the movies to a new snapshot."""
    with run_stage(run_id, Stage.EXPORT_MOVIES):
        export = movies_export()
    return f"{export.rows} movies in {export.folder}"


@shared_task(name="pipeline.train_surprise_model", **_LONG)
def train_surprise_model(run_id: int | None = None) -> str:
    """Train scikit-surprise's SVD on the latest snapshot and let the gate decide about it."""
    with run_stage(run_id, Stage.TRAIN):
        version = surprise_model_train().version
    return f"model #{version.pk}: RMSE {version.metrics['rmse']:.4f}"


@shared_task(name="pipeline.train_models", **_LONG)
def train_models(run_id: int | None = None) -> str:
    """Train each algorithm of the night on the latest snapshot, and let the gate decide which is live."""
    with run_stage(run_id, Stage.TRAIN):
        report = nightly_models_train()
        run_note(run_id, str(report))
    return str(report)


@shared_task(name="pipeline.create_movie_suggestions", **_LONG)
def create_movie_suggestions(run_id: int | None = None) -> str:
    """Write everyone's suggestions, and which films are like which, from the live model."""
    with run_stage(run_id, Stage.SUGGEST):
        report = _suggestions_shared() if settings.SUGGESTIONS_DISTRIBUTED else suggestion_lists_refresh()
        similar_movies_refresh()
    return f"{report.refreshed} users refreshed, {report.reused} left alone"


def _suggestions_shared() -> SuggestionReport:
    with shared_refresh() as refresh:
        helpers_invite(refresh)
        return shared_refresh_complete(refresh)


def helpers_invite(refresh: SuggestionRefresh) -> None:
    """Ask all workers to help with a refresh; without a queue its leader does all of it alone."""
    try:
        for _ in range(min(refresh.n_blocks - 1, HELPERS_AT_MOST)):
            help_with_suggestions.delay(refresh.pk)
    except QueueError as error:
        logger.warning("No worker could be asked to help with suggestion %s: %s", refresh, error)


@shared_task(name="pipeline.help_with_suggestions", **_LONG)
def help_with_suggestions(refresh_id: int) -> str:
    """Take blocks of users from a refresh that another process leads."""
    if not shared_refresh_help(refresh_id=refresh_id):
        return "helped"
    similar_movies_refresh()
    return "completed in place of the leader, which is gone"


# Acknowledged at once: a second delivery would begin a second run.
@shared_task(name="pipeline.run_nightly_pipeline", acks_late=False, soft_time_limit=MINUTE, time_limit=2 * MINUTE)
def run_nightly_pipeline() -> int:
    """Begin a run of all stages, one after another; its row tells how it goes."""
    run = run_begin()
    stages = (export_ratings, export_movies, train_models, create_movie_suggestions)
    steps = [*(stage.si(run.pk) for stage in stages), finish_nightly_pipeline.si(run.pk)]
    chain(*steps).on_error(fail_nightly_pipeline.s(run.pk)).delay()
    return run.pk


@shared_task(name="pipeline.finish_nightly_pipeline", acks_late=True, autoretry_for=(OperationalError, InterfaceError))
def finish_nightly_pipeline(run_id: int) -> None:
    """Note that all stages of a run are done."""
    run_succeed(run_id=run_id)


@shared_task(name="pipeline.fail_nightly_pipeline")
def fail_nightly_pipeline(_request: object, error: object, _traceback: object, run_id: int) -> None:
    """Note which error ended a run; Celery calls this with what it knows about the failed stage."""
    run_fail(run_id=run_id, error=f"{type(error).__name__}: {error}")
