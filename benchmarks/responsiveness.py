"""Response times of the home page during a refresh of all suggestions, compared with an idle site.

    python benchmarks/responsiveness.py                    # 100,000 users, 3 million ratings, 9,000 films
    python benchmarks/responsiveness.py --quick            # 20,000 users, 200 requests

Real gunicorn as `make serve` starts it, an embedded PostgreSQL in a temporary folder, which is removed afterwards. Some
people at a time, logged in, each with suggestions, look at their home pages over connections that stay open, with a
pause between two looks. First nothing else happens; then `createmoviesuggestions` for everybody runs, again and again
until as many pages were looked at.
"""

import argparse
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

import harness

N_PEOPLE = 32
LOG_IN = """
import json
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from accounts.models import User
User.objects.filter(pk__lte={n_people}).update(kind="person", crowd_source="", crowd_key=None, is_active=True)
cookies = []
for user in User.objects.filter(pk__lte={n_people}):
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.create()
    cookies.append(f"{{settings.SESSION_COOKIE_NAME}}={{session.session_key}}")
print(json.dumps(cookies), file=open({path!r}, "w"))
"""
REFRESH = (*harness.REFRESH_ALL, "--max", "100")


@dataclass
class Looks:
    """Seconds of each look at a home page."""

    seconds: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.seconds, share))


def main() -> None:
    options = parse()
    with harness.temporary_site() as site:
        site.random_world(options.users, options.movies, options.factors, options.ratings_per_user)
        path = str(site.folder / "cookies")
        site.python(LOG_IN.format(n_people=N_PEOPLE, path=path), name="people log in")
        site.manage(*REFRESH, rows=options.users)
        with serve(site) as port:
            cookies = json.loads(Path(path).read_text())
            look(port, cookies, options, enough=lambda n: n >= options.requests // 4)
            idle = look(port, cookies, options, enough=lambda n: n >= options.requests)
            busy = run_during_refresh(site, port, cookies, options)
    for name, looks in (("idle", idle), ("during a refresh", busy)):
        middle, last = 1e3 * looks.percentile(50), 1e3 * looks.percentile(99)
        print(f"{name:18} {len(looks.seconds):6,} pages  p50 {middle:6.1f} ms  p99 {last:6.1f} ms")
    print(f"p99 during a refresh is {busy.percentile(99) / idle.percentile(99):.1f} times that of the idle site")


def parse() -> argparse.Namespace:
    options: argparse.Namespace = harness.parser(
        __doc__,
        users=100_000,
        movies=9_000,
        factors=100,
        ratings_per_user=30,
        requests=1_000,
        clients=(4, "concurrent clients"),
        pause=(0.05, "seconds between two requests of a client"),
        quick="20,000 users, 200 requests",
    ).parse_args()
    if options.quick:
        options.users, options.requests = 20_000, 200
    return options


@contextmanager
def serve(site: harness.Site) -> Iterator[int]:
    """Serve the site on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn", "--log-level", "warning"]
    (site.folder / "static").mkdir()
    server = subprocess.Popen(
        [*command, "config.wsgi"], env={**site.environment(), "PORT": str(port)}, cwd=harness.SOURCES
    )
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The site did not start.")


def look(port: int, cookies: list[str], options: argparse.Namespace, *, enough: Callable[[int], bool]) -> Looks:
    """Look at home pages, several people at a time, until there are `enough`."""
    looks = Looks()
    errors: list[Exception] = []

    def person(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            for turn in range(1_000_000):
                if enough(len(looks.seconds)) or errors:
                    return
                looks.seconds.append(page_seconds(connection, cookies[(number + turn * 7) % len(cookies)]))
                time.sleep(options.pause)
        except Exception as error:  # noqa: BLE001 - the main thread tells.
            errors.append(error)
        finally:
            connection.close()

    people = [threading.Thread(target=person, args=(number,)) for number in range(options.clients)]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    if errors:
        raise SystemExit(f"A page failed: {errors[0]!r}")
    return looks


def page_seconds(connection: http.client.HTTPConnection, cookie: str) -> float:
    began = time.perf_counter()
    connection.request("GET", "/", headers={"Cookie": cookie})
    response = connection.getresponse()
    page = response.read()
    seconds = time.perf_counter() - began
    # Suggestions come from a model; without a list the page would show what is popular.
    if response.status != http.HTTPStatus.OK or b"For you" not in page:
        raise RuntimeError(f"status {response.status}, {len(page)} bytes")
    return seconds


def run_during_refresh(site: harness.Site, port: int, cookies: list[str], options: argparse.Namespace) -> Looks:
    """Refresh until there are enough looks; those between two refreshes do not count."""
    busy = Looks()
    while len(busy.seconds) < options.requests:
        command = [sys.executable, str(harness.SOURCES / "manage.py"), *REFRESH]
        refresh = subprocess.Popen(command, env=site.environment(), stdout=subprocess.DEVNULL)
        busy.seconds += look(port, cookies, options, enough=partial(has_ended, refresh)).seconds
        if refresh.wait():
            raise SystemExit("The refresh failed.")
    return busy


def has_ended(process: subprocess.Popen[bytes], _n_looks: int) -> bool:
    return process.poll() is not None


if __name__ == "__main__":
    main()
