"""Plan the jobs once; from then on the plan belongs to whoever edits it in the admin."""

import json

from django.conf import settings
from django.db import migrations

MINUTES_BETWEEN_AVERAGES = 10
# name, task, (hour, minute), enabled
DAILY = [
    ("Export ratings", "pipeline.export_ratings", (1, 15), True),
    ("Export movies", "pipeline.export_movies", (2, 30), True),
    ("Train the model", "pipeline.train_surprise_model", (3, 0), True),
    ("Write suggestions", "pipeline.create_movie_suggestions", (4, 30), True),
    ("Whole pipeline in one run (instead of the four jobs above)", "pipeline.run_nightly_pipeline", (1, 15), False),
]
AVERAGES = ("Refresh rating averages", "pipeline.refresh_rating_averages")


def plan(apps, schema_editor):
    interval_model = apps.get_model("django_celery_beat", "IntervalSchedule")
    crontab_model = apps.get_model("django_celery_beat", "CrontabSchedule")
    task_model = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _ = interval_model.objects.get_or_create(every=MINUTES_BETWEEN_AVERAGES, period="minutes")
    name, task = AVERAGES
    task_model.objects.get_or_create(
        name=name,
        # A tick that no worker took before the next one is worth nothing.
        defaults={"task": task, "interval": interval, "expire_seconds": MINUTES_BETWEEN_AVERAGES * 60},
    )
    for name, task, (hour, minute), enabled in DAILY:
        crontab, _ = crontab_model.objects.get_or_create(
            hour=str(hour),
            minute=str(minute),
            day_of_week="*",
            day_of_month="*",
            month_of_year="*",
            timezone=settings.TIME_ZONE,
        )
        task_model.objects.get_or_create(
            name=name, defaults={"task": task, "crontab": crontab, "enabled": enabled, "args": json.dumps([])}
        )


def unplan(apps, schema_editor):
    names = [AVERAGES[0], *(name for name, *_ in DAILY)]
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name__in=names).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(plan, unplan)]
