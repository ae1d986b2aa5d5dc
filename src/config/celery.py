"""The Celery application: worker, beat and everything that publishes tasks share it."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# The scheme of the embedded Redis, as settings name it; nothing is imported or started before it is used.
TRANSPORT_ALIASES["embedded"] = "config.embedded.broker:Transport"

app = Celery("matinee")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
