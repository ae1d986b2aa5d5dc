from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from pipeline.errors import RunOverError, StageBusyError
from pipeline.models import PipelineRun
from pipeline.services.runs import LEASE, run_begin, run_fail, run_stage, run_succeed
from pipeline.stage_locks import Stage, run_lock

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> PipelineRun:
    return run_begin()


def age(run: PipelineRun, by: timedelta) -> None:
    PipelineRun.objects.filter(pk=run.pk).update(seen_at=timezone.now() - by)


def test_second_run_is_refused_while_the_first_is_alive(run: PipelineRun) -> None:
    with pytest.raises(StageBusyError, match=rf"pipeline run #{run.pk} \(since "):
        run_begin()


def test_next_run_begins_when_the_first_has_ended(run: PipelineRun) -> None:
    run_succeed(run_id=run.pk)

    assert run_begin().pk > run.pk
    run.refresh_from_db()
    assert run.state == PipelineRun.State.SUCCEEDED
    assert run.finished_at is not None


def test_run_without_a_sign_of_life_for_the_lease_is_taken_over(run: PipelineRun) -> None:
    age(run, LEASE + timedelta(seconds=1))

    run_begin()

    run.refresh_from_db()
    assert run.state == PipelineRun.State.FAILED
    assert "workers are gone" in run.error


def test_run_whose_worker_is_busy_with_a_long_stage_is_not_taken_over(run: PipelineRun) -> None:
    age(run, timedelta(hours=5))

    with run_lock(run.pk), pytest.raises(StageBusyError):
        run_begin()


def test_stage_is_noted_when_it_begins_and_when_it_ends(run: PipelineRun) -> None:
    age(run, timedelta(minutes=9))
    with run_stage(run.pk, Stage.TRAIN):
        run.refresh_from_db()
        begun_at = run.seen_at
    run.refresh_from_db()

    assert run.stage == Stage.TRAIN
    assert timezone.now() - timedelta(minutes=1) < begun_at < run.seen_at


def test_stage_of_a_run_that_was_taken_over_does_not_begin(run: PipelineRun) -> None:
    run_fail(run_id=run.pk, error="taken over")

    with pytest.raises(RunOverError, match="does not start"), run_stage(run.pk, Stage.SUGGEST):
        pytest.fail("the stage began")


def test_stage_without_a_run_just_begins(db: None) -> None:
    with run_stage(None, Stage.TRAIN):
        pass

    assert not PipelineRun.objects.exists()


def test_failed_run_keeps_its_first_error(run: PipelineRun) -> None:
    run_fail(run_id=run.pk, error="first")
    run_fail(run_id=run.pk, error="second")
    run_succeed(run_id=run.pk)

    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "first")


def test_database_refuses_two_running_runs(run: PipelineRun) -> None:
    with pytest.raises(IntegrityError, match="pipeline_run_one_running"), transaction.atomic():
        PipelineRun.objects.create()
