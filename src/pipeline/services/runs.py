"""Runs of the whole pipeline: one at a time, recorded from start to end, replaced when their workers are gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Concat
from django.utils import timezone

from pipeline.errors import RunOverError, StageBusyError
from pipeline.models import PipelineRun
from pipeline.stage_locks import Stage, run_lock, run_lock_is_held

# A run on which no worker has been busy for longer than this counts as abandoned.
LEASE = timedelta(minutes=15)
_ABANDONED = "Its workers are gone: nothing happened for too long. A later run has replaced it."


def run_begin() -> PipelineRun:
    """Create a run. An abandoned run is marked as failed first.

    Raises:
        StageBusyError: another run is alive.

    """
    try:
        with transaction.atomic():
            other = PipelineRun.objects.select_for_update().filter(state=PipelineRun.State.RUNNING).first()
            if other is not None:
                _run_check_abandoned(other)
                _run_end(other.pk, PipelineRun.State.FAILED, _ABANDONED)
            return PipelineRun.objects.create()
    except IntegrityError as error:
        raise StageBusyError("Already running: another pipeline run started at the same moment.") from error


@contextmanager
def run_stage(run_id: int | None, stage: Stage) -> Iterator[None]:
    """Record that a run is busy with a stage, for the length of a ``with`` block; without a run, do nothing.

    Raises:
        RunOverError: the run has failed or was replaced; its later stages must not run.

    """
    if run_id is None:
        yield
        return
    running = PipelineRun.objects.filter(pk=run_id, state=PipelineRun.State.RUNNING)
    with run_lock(run_id):
        if not running.update(stage=stage, seen_at=timezone.now()):
            message = f"Pipeline run #{run_id} has ended, so its stage “{stage.label}” does not start."
            raise RunOverError(message)
        yield
        running.update(seen_at=timezone.now())


def run_note(run_id: int | None, note: str) -> None:
    """Add a note to a run; without a run, do nothing."""
    if run_id is None:
        return
    noted = Concat("notes", Case(When(notes="", then=Value("")), default=Value("\n")), Value(note))
    PipelineRun.objects.filter(pk=run_id).update(notes=noted)


def run_succeed(*, run_id: int) -> None:
    """Mark a run as succeeded."""
    _run_end(run_id, PipelineRun.State.SUCCEEDED, "")


def run_fail(*, run_id: int, error: str) -> None:
    """Mark a run as failed because of ``error``, unless it has already ended."""
    _run_end(run_id, PipelineRun.State.FAILED, error)


def _run_check_abandoned(run: PipelineRun) -> None:
    is_recent = run.seen_at > timezone.now() - LEASE
    if is_recent or run_lock_is_held(run.pk):
        message = f"Already running: pipeline run #{run.pk} (since {run.started_at:%Y-%m-%d %H:%M:%S %Z})."
        raise StageBusyError(message)


def _run_end(run_id: int, state: PipelineRun.State, error: str) -> None:
    now = timezone.now()
    PipelineRun.objects.filter(pk=run_id, state=PipelineRun.State.RUNNING).update(
        state=state, error=error, seen_at=now, finished_at=now
    )
