"""The end of a test database: close all connections to it."""

import sys
import time

from django.db import connection

# A server on a busy machine takes a while to notice that a client was killed, above all in the middle of a statement.
SECONDS_AT_MOST = 60
_OTHERS = """
SELECT pid, application_name, state, left(query, 200) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def others_leave() -> None:
    """Wait until this session is the database's only one; what stays all the same is ended and named."""
    deadline = time.monotonic() + SECONDS_AT_MOST
    with connection.cursor() as cursor:
        while others := _others():
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        for pid, name, state, query in others:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            print(f"A test left a session open: {name!r}, {state}, last said {query!r}", file=sys.__stderr__)


def _others() -> list[tuple[int, str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS)
        others: list[tuple[int, str, str, str]] = cursor.fetchall()
    return others
