"""The Celery application: worker, beat and everything that publishes tasks share it."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# The scheme of the embedded Redis, as settings name it; nothing is imported or started before it is used.
TRANSPORT_ALIASES["embedded"] = "config.embedded_broker:Transport"

app = Celery("matinee")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Redis hands a task that is not acknowledged to another worker after this many seconds, so the longest task must have
# ended by then; its limit is six hours.
app.conf.broker_transport_options = {"visibility_timeout": 8 * 3600}
app.autodiscover_tasks()
