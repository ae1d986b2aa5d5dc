"""The stages as Celery tasks. Each adds retries and time limits to one service, and may safely run twice."""

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
# More processes would slow each other down in the database.
MAX_HELPERS = 256

# Tasks are acknowledged when they end, so that a task whose worker dies is delivered again. Transient errors are
# retried, such as a database that restarts or a stage that is running already.
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
    """Train scikit-surprise's SVD on the latest snapshot and let the gate judge the model."""
    with run_stage(run_id, Stage.TRAIN):
        version = surprise_model_train().version
    return f"model #{version.pk}: RMSE {version.metrics['rmse']:.4f}"


@shared_task(name="pipeline.train_models", **_LONG)
def train_models(run_id: int | None = None) -> str:
    """Train the nightly algorithms on the latest snapshot, and let the gate decide which model is live."""
    with run_stage(run_id, Stage.TRAIN):
        report = nightly_models_train()
        run_note(run_id, str(report))
    return str(report)


@shared_task(name="pipeline.create_movie_suggestions", **_LONG)
def create_movie_suggestions(run_id: int | None = None) -> str:
    """Write all suggestion lists and lists of similar films from the live model."""
    with run_stage(run_id, Stage.SUGGEST):
        report = refresh_with_helpers() if settings.SUGGESTIONS_DISTRIBUTED else suggestion_lists_refresh()
        similar_movies_refresh()
    return f"{report.refreshed} users refreshed, {report.reused} kept"


def refresh_with_helpers(**limits: int) -> SuggestionReport:
    """Lead a `shared_refresh`, and ask the workers to help."""
    with shared_refresh(**limits) as refresh:
        helpers_invite(refresh)
        return shared_refresh_complete(refresh)


def helpers_invite(refresh: SuggestionRefresh) -> None:
    """Ask the workers to help with a refresh. Without a queue, its leader does all the work."""
    try:
        for _ in range(min(refresh.n_blocks - 1, MAX_HELPERS)):
            help_with_suggestions.delay(refresh.pk)
    except QueueError as error:
        logger.warning("The queue failed, so no worker helps with suggestion %s: %s", refresh, error)


@shared_task(name="pipeline.help_with_suggestions", **_LONG)
def help_with_suggestions(refresh_id: int) -> str:
    """Take blocks of users from a refresh that another process leads."""
    if not shared_refresh_help(refresh_id=refresh_id):
        return "helped"
    similar_movies_refresh()
    return "completed the refresh, because its leader is gone"


# Acknowledged at once, because a second delivery would start a second run.
@shared_task(name="pipeline.run_nightly_pipeline", acks_late=False, soft_time_limit=MINUTE, time_limit=2 * MINUTE)
def run_nightly_pipeline() -> int:
    """Start a run of all stages, one after another. Its row shows the progress."""
    run = run_begin()
    stages = (export_ratings, export_movies, train_models, create_movie_suggestions)
    steps = [*(stage.si(run.pk) for stage in stages), finish_nightly_pipeline.si(run.pk)]
    chain(*steps).on_error(fail_nightly_pipeline.s(run.pk)).delay()
    return run.pk


@shared_task(name="pipeline.finish_nightly_pipeline", acks_late=True, autoretry_for=(OperationalError, InterfaceError))
def finish_nightly_pipeline(run_id: int) -> None:
    """Mark a run as succeeded."""
    run_succeed(run_id=run_id)


@shared_task(name="pipeline.fail_nightly_pipeline")
def fail_nightly_pipeline(_request: object, error: object, _traceback: object, run_id: int) -> None:
    """Mark a run as failed. Celery calls this with the request, error and traceback of the failed stage."""
    run_fail(run_id=run_id, error=f"{type(error).__name__}: {error}")
