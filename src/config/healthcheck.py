"""``python -m config.healthcheck``: exit with 0 if the site on this machine is healthy."""

import sys
from http.client import HTTPConnection, HTTPException

from config.env import read_integer, read_list


def site_host(allowed_hosts: list[str]) -> str:
    """Return a host name that ``allowed_hosts`` accepts."""
    names = [host.removeprefix(".") for host in allowed_hosts if host != "*"]
    return names[0] if names else "localhost"


def site_health(*, port: int, host: str, timeout: float = 5.0) -> str:
    """Return what is wrong with the site on ``port``, or "" if it is healthy."""
    # Without this header, as a proxy would set it, the site could answer with a redirect to HTTPS.
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
    """Return what is wrong with the site, or "" if it is healthy."""
    host = site_host(read_list("ALLOWED_HOSTS", default=["localhost"]))
    return site_health(port=read_integer("PORT", default=8000, minimum=1), host=host)


if __name__ == "__main__":
    sys.exit(main() or 0)
