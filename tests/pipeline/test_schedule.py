import importlib
import json
from types import ModuleType

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django_celery_beat.models import PeriodicTask

pytestmark = pytest.mark.django_db


def planned() -> dict[str, tuple[str, bool]]:
    return {
        task.task: (f"{task.crontab.hour}:{task.crontab.minute}" if task.crontab else str(task.interval), task.enabled)
        for task in PeriodicTask.objects.filter(task__startswith="pipeline.")
    }


def migration(name: str) -> ModuleType:
    return importlib.import_module(f"pipeline.migrations.{name}")


def test_jobs_are_planned_by_the_migrations() -> None:
    assert planned() == {
        "pipeline.refresh_rating_averages": ("every 10 minutes", True),
        "pipeline.export_ratings": ("1:15", True),
        "pipeline.export_movies": ("2:30", True),
        "pipeline.train_models": ("3:0", True),
        "pipeline.create_movie_suggestions": ("4:30", True),
        "pipeline.run_nightly_pipeline": ("1:15", False),
    }
    assert {str(task.crontab.timezone) for task in PeriodicTask.objects.exclude(crontab=None)} >= {settings.TIME_ZONE}


def test_each_planned_task_exists_and_takes_what_is_planned() -> None:
    current_app.loader.import_default_modules()

    for task in PeriodicTask.objects.filter(task__startswith="pipeline."):
        assert task.task in current_app.tasks
        assert json.loads(task.args) == []


def test_planning_again_keeps_changes_of_an_administrator() -> None:
    PeriodicTask.objects.filter(task="pipeline.export_movies").update(enabled=False)
    before = set(PeriodicTask.objects.values_list("pk", "enabled", "crontab_id"))

    migration("0002_schedule").plan(apps, None)
    migration("0004_train_models").train_all(apps, None)

    assert set(PeriodicTask.objects.values_list("pk", "enabled", "crontab_id")) == before


def test_renamed_job_of_an_administrator_trains_the_same_algorithm() -> None:
    migration("0004_train_models").train_one(apps, None)
    PeriodicTask.objects.filter(name="Train the model").update(name="Train on Sundays")

    migration("0004_train_models").train_all(apps, None)

    assert PeriodicTask.objects.get(name="Train on Sundays").task == "pipeline.train_surprise_model"


def test_long_tasks_are_acknowledged_late_and_end_before_they_are_delivered_again() -> None:
    current_app.loader.import_default_modules()
    visibility = current_app.conf.broker_transport_options["visibility_timeout"]

    for name in ("export_ratings", "export_movies", "train_surprise_model", "train_models", "create_movie_suggestions"):
        task = current_app.tasks[f"pipeline.{name}"]
        assert task.acks_late
        assert task.soft_time_limit is not None
        assert task.time_limit is not None
        assert task.soft_time_limit < task.time_limit < visibility
