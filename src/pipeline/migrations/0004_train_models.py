"""Let the nightly job train every algorithm of the night, where an administrator has not made another job of it."""

from django.db import migrations

NAME = "Train the model"
OLD, NEW = "pipeline.train_surprise_model", "pipeline.train_models"


def train_all(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME, task=OLD).update(task=NEW)


def train_one(apps, schema_editor):
    apps.get_model("django_celery_beat", "PeriodicTask").objects.filter(name=NAME, task=NEW).update(task=OLD)


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0003_run_notes"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(train_all, train_one)]
