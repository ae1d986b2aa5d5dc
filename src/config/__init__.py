"""Settings and wiring. Importing it makes Celery's application the current one, so that tasks find their broker."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
