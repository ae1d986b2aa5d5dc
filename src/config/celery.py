"""The Celery application of worker, beat and all processes that publish tasks."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# The scheme of the embedded Redis. kombu imports the transport when it is used.
TRANSPORT_ALIASES["embedded"] = "config.embedded_broker:Transport"

app = Celery("matinee")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Redis delivers an unacknowledged task to another worker after this many seconds. The longest task must end before
# that; its limit is six hours.
app.conf.broker_transport_options = {"visibility_timeout": 8 * 3600}
app.autodiscover_tasks()
