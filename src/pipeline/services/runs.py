"""Runs of the whole pipeline: one at a time, noted from begin to end, taken over when their workers are gone."""

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

# How long nobody may be busy with a run, between two stages, before it counts as dead.
LEASE = timedelta(minutes=15)
_ABANDONED = "Its workers are gone: nothing happened for too long. A later run took over."


def run_begin() -> PipelineRun:
    """Begin a run; one whose workers are gone is marked as failed first.

    Raises:
        StageBusyError: another run is alive.

    """
    try:
        with transaction.atomic():
            other = PipelineRun.objects.select_for_update().filter(state=PipelineRun.State.RUNNING).first()
            if other is not None:
                _abandoned_check(other)
                _end(other.pk, PipelineRun.State.FAILED, _ABANDONED)
            return PipelineRun.objects.create()
    except IntegrityError as error:
        raise StageBusyError("Already running: another pipeline run began at the same moment.") from error


@contextmanager
def run_stage(run_id: int | None, stage: Stage) -> Iterator[None]:
    """Note that a run is busy with a stage; a stage that belongs to no run (``None``) is not noted.

    Raises:
        RunOverError: the run is over, because it failed or was taken over; its later stages must not run.

    """
    if run_id is None:
        yield
        return
    running = PipelineRun.objects.filter(pk=run_id, state=PipelineRun.State.RUNNING)
    with run_lock(run_id):
        if not running.update(stage=stage, seen_at=timezone.now()):
            message = f"Pipeline run #{run_id} is over, so its stage “{stage.label}” does not begin."
            raise RunOverError(message)
        yield
        running.update(seen_at=timezone.now())


def run_note(run_id: int | None, note: str) -> None:
    """Add what a stage had to say to its run, if it belongs to one."""
    if run_id is None:
        return
    noted = Concat("notes", Case(When(notes="", then=Value("")), default=Value("\n")), Value(note))
    PipelineRun.objects.filter(pk=run_id).update(notes=noted)


def run_succeed(*, run_id: int) -> None:
    """Note that all stages of a run are done."""
    _end(run_id, PipelineRun.State.SUCCEEDED, "")


def run_fail(*, run_id: int, error: str) -> None:
    """Note why a run ended early; a run that is over already keeps its end."""
    _end(run_id, PipelineRun.State.FAILED, error)


def _abandoned_check(run: PipelineRun) -> None:
    is_recent = run.seen_at > timezone.now() - LEASE
    if is_recent or run_lock_is_held(run.pk):
        message = f"Already running: pipeline run #{run.pk} (since {run.started_at:%Y-%m-%d %H:%M:%S %Z})."
        raise StageBusyError(message)


def _end(run_id: int, state: PipelineRun.State, error: str) -> None:
    now = timezone.now()
    PipelineRun.objects.filter(pk=run_id, state=PipelineRun.State.RUNNING).update(
        state=state, error=error, seen_at=now, finished_at=now
    )
