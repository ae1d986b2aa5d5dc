"""Asks the site on this machine whether it is well: ``python -m config.healthcheck`` exits with 0 if it is."""

import sys
from http.client import HTTPConnection, HTTPException

from config.env import read_integer, read_list


def site_host(allowed_hosts: list[str]) -> str:
    """Return a name that the site answers to, given its ``ALLOWED_HOSTS``."""
    names = [host.removeprefix(".") for host in allowed_hosts if host != "*"]
    return names[0] if names else "localhost"


def site_health(*, port: int, host: str, timeout: float = 5.0) -> str:
    """Return "" when the site on ``port`` is well, or what is wrong with it."""
    # A proxy would say that the browser came by HTTPS; without it the site would answer with a redirect.
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", "/healthz", headers=headers)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"no answer on port {port}: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"/healthz answered with status {status}"  # noqa: PLR2004 - HTTP's own number.


def main() -> str:
    """Return what is wrong with the site, or "" for nothing."""
    host = site_host(read_list("ALLOWED_HOSTS", default=["localhost"]))
    return site_health(port=read_integer("PORT", default=8000, minimum=1), host=host)


if __name__ == "__main__":
    sys.exit(main() or 0)
