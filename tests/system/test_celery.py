import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult
from tests.pipeline.worlds import world_create
from tests.processes import PROJECT_ROOT, process_environment, program

from movies.models import ModelVersion, SuggestionList
from pipeline.models import Export, PipelineRun

pytestmark = pytest.mark.system

SECONDS_AT_MOST = 90
PUBLISH = """
import django
django.setup()
from pipeline.tasks import run_nightly_pipeline
run_nightly_pipeline.delay()
"""
PIPELINE = {
    ("pipeline.run_nightly_pipeline", "SUCCESS"),
    ("pipeline.export_ratings", "SUCCESS"),
    ("pipeline.export_movies", "SUCCESS"),
    ("pipeline.train_models", "SUCCESS"),
    ("pipeline.create_movie_suggestions", "SUCCESS"),
    ("pipeline.finish_nightly_pipeline", "SUCCESS"),
}


@contextmanager
def celery(folder: Path, *arguments: str) -> Iterator[Path]:
    """Run a Celery program for the length of a ``with`` block; yield the file that takes what it says."""
    with program(folder, arguments[0], "-m", "celery", "-A", "config", *arguments) as started:
        yield folder / f"{arguments[0]}.log"
        started.terminate()
        started.wait(timeout=30)


def pipeline_begin(folder: Path) -> None:
    """Send the task from a process of its own, as a site would."""
    subprocess.run(
        [sys.executable, "-c", PUBLISH],
        check=True,
        capture_output=True,
        env=process_environment(folder),
        cwd=PROJECT_ROOT,
    )


def wait(until: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + SECONDS_AT_MOST
    while not until():
        if time.monotonic() > deadline:
            pytest.fail(f"It did not happen within {SECONDS_AT_MOST} s:\n{log.read_text()}")
        time.sleep(0.1)


def run_over() -> bool:
    return PipelineRun.objects.exclude(state=PipelineRun.State.RUNNING).exists()


def results() -> set[tuple[str, str]]:
    return set(TaskResult.objects.values_list("task_name", "status"))


def test_worker_runs_the_whole_pipeline_from_the_queue_to_suggestions(transactional_db: None, folders: Path) -> None:
    world = world_create()

    with celery(folders, "worker", "--concurrency=2", "--pool=prefork") as log:
        pipeline_begin(folders)
        wait(run_over, log)
        wait(lambda: results() >= PIPELINE, log)

    run = PipelineRun.objects.get()
    assert (run.state, run.error, run.stage) == ("succeeded", "", "suggest")
    assert set(Export.objects.values_list("kind", flat=True)) == {"ratings", "movies"}
    live = ModelVersion.objects.get(state=ModelVersion.State.LIVE)
    assert set(SuggestionList.objects.values_list("user_id", "model_version_id")) == {
        (user_id, live.pk) for user_id in world.user_ids
    }


def test_stage_that_fails_ends_the_run_with_its_error_and_later_stages_do_not_begin(
    transactional_db: None, folders: Path
) -> None:
    with celery(folders, "worker", "--concurrency=1", "--pool=prefork") as log:
        pipeline_begin(folders)
        wait(run_over, log)

    run = PipelineRun.objects.get()
    assert (run.state, run.stage) == ("failed", "export ratings")
    assert run.error.startswith("NothingToExportError: There are no ratings to export")
    assert not ModelVersion.objects.exists()


def test_beat_takes_the_plan_from_the_database_and_sends_what_is_due(planned_jobs: None, folders: Path) -> None:
    task = PeriodicTask.objects.get(task="pipeline.refresh_rating_averages")
    PeriodicTask.objects.filter(pk=task.pk).update(last_run_at=timezone.now() - timedelta(hours=1), total_run_count=0)
    with celery(folders, "beat", "--loglevel=INFO") as log:
        wait(lambda: PeriodicTask.objects.get(pk=task.pk).total_run_count == 1, log)

    assert "DatabaseScheduler" in log.read_text()
    assert "Sending due task Refresh rating averages" in log.read_text()
