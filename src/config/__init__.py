"""Settings and wiring: environment variables, Celery, URLs, system checks, and the embedded servers.

Importing this package makes Celery's application the current one, so that tasks find their broker. It may import
``embedded``; it names apps as strings. Start with ``settings``.
"""

from config.celery import app as celery_app

__all__ = ["celery_app"]
