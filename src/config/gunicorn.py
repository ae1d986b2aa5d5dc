"""Configuration of gunicorn: ``gunicorn --config python:config.gunicorn config.wsgi``."""

import sys

from django.core.exceptions import ImproperlyConfigured

from config.env import read_integer, read_text

try:
    bind = f"{read_text('BIND_ADDRESS', default='127.0.0.1')}:{read_integer('PORT', default=8000, minimum=1)}"
    workers = read_integer("WEB_CONCURRENCY", default=2, minimum=1)
    threads = read_integer("WEB_THREADS", default=4, minimum=1)
except ImproperlyConfigured as error:
    sys.exit(str(error))

worker_class = "gthread"
timeout = 60
graceful_timeout = 20
# Nothing uses the control socket, so it would only be an additional attack surface.
control_socket_disable = True
