"""The container's question to the site, asked of a real HTTP server."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from config.healthcheck import site_health, site_host


class Site(BaseHTTPRequestHandler):
    """Responds with success to films.example.org by HTTPS alone."""

    def do_GET(self) -> None:
        known = self.headers["Host"] == "films.example.org" and self.headers["X-Forwarded-Proto"] == "https"
        self.send_response(200 if known and self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def site_port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        (["films.example.org", "localhost"], "films.example.org"),
        ([".example.org"], "example.org"),
        (["*"], "localhost"),
        (["*", "films.example.org"], "films.example.org"),
        ([], "localhost"),
    ],
)
def test_the_health_check_uses_an_allowed_host(allowed: list[str], host: str) -> None:
    assert site_host(allowed) == host


def test_a_site_that_is_well_is_well(site_port: int) -> None:
    assert site_health(port=site_port, host="films.example.org") == ""


def test_any_other_response_is_an_error(site_port: int) -> None:
    assert site_health(port=site_port, host="localhost") == "/healthz answered with status 503"


def test_missing_response_is_an_error() -> None:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        port = server.server_port
    assert site_health(port=port, host="localhost").startswith(f"no answer on port {port}")
