"""Downloads over HTTP that resume where they were interrupted."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from recommender.errors import ConfigError, DownloadError

OnBytes = Callable[[int, int | None], None]
"""Called with the number of bytes so far, and the total if it is known."""

_CHUNK_BYTES = 1 << 18
_TIMEOUT_SECONDS = 30.0
_PARTIAL, _RANGE_REFUSED = 206, 416
_NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


class Response(Protocol):
    """The part of an HTTP response that is used."""

    status: int
    headers: http.client.HTTPMessage

    def read(self, amount: int) -> bytes:
        """Return at most `amount` bytes, none at the end."""
        ...

    def close(self) -> None:
        """Close the connection."""


def check_url(url: str) -> str:
    """Return `url` without trailing slashes; ConfigError unless it is an HTTP address."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        parts = urllib.parse.urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{url!r} is no address to download from: give one such as https://host/folder.")
    return url.rstrip("/")


def fetch_text(url: str) -> str | None:
    """Return the first 16 KiB of the text at `url`, None if there is none; DownloadError for other failures."""
    try:
        response = _open(url, start=0)
        try:
            return response.read(1 << 14).decode(errors="replace")
        finally:
            response.close()
    except urllib.error.HTTPError as error:
        if error.code in {http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE, http.HTTPStatus.FORBIDDEN}:
            return None
        raise _failure(url, error) from error
    except _NETWORK_ERRORS as error:
        raise _failure(url, error) from error


def fetch_file(url: str, path: Path, on_bytes: OnBytes | None = None) -> bool:
    """Download `url` as `path`, which appears once it is complete; return whether an earlier call had begun it.

    The data goes to `path` with `.part` added, which stays when the connection breaks or the process ends, so that the
    next call resumes there. A broken connection is opened again as long as each one brings some data. DownloadError if
    the server does not answer or has no such file.
    """
    part = path.with_name(f"{path.name}.part")
    begun_before = part.exists() and part.stat().st_size > 0
    while not _resume(url, part, on_bytes):
        pass
    part.replace(path)
    return begun_before


def _resume(url: str, part: Path, on_bytes: OnBytes | None) -> bool:
    """Resume `part` over one connection; return whether it is complete. DownloadError if no data came."""
    start = part.stat().st_size if part.exists() else 0
    try:
        response = _open(url, start=start)
    except urllib.error.HTTPError as error:
        if error.code != _RANGE_REFUSED or not start:
            raise _failure(url, error) from error
        # The server has no more data: either the part is complete, or it belongs to another file.
        if error.headers.get("Content-Range", "").rpartition("/")[2] == str(start):
            return True
        part.unlink()
        return False
    except _NETWORK_ERRORS as error:
        raise _failure(url, error) from error
    try:
        return _append(response, part, url, start, on_bytes)
    finally:
        response.close()


def _append(response: Response, part: Path, url: str, start: int, on_bytes: OnBytes | None) -> bool:
    """Append the response to `part`; return whether it is complete."""
    resumes = response.status == _PARTIAL
    if resumes and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise DownloadError(f"{url}: the server sent another part of the file than requested: try again later.")
    done = first = start if resumes else 0
    length = response.headers.get("Content-Length", "")
    total = done + int(length) if length.isdecimal() else None
    failure: Exception | None = None
    with part.open("ab" if resumes else "wb") as file:
        while True:
            try:
                block = response.read(_CHUNK_BYTES)
            except _NETWORK_ERRORS as error:
                failure = error
                break
            if not block:
                break
            file.write(block)
            done += len(block)
            if on_bytes is not None:
                on_bytes(done, total)
    if failure is None and (total is None or done >= total):
        return True
    if done > first:
        return False
    raise DownloadError(
        f"{url}: the connection broke after {done:,} bytes{f' of {total:,}' if total else ''}: "
        "run the same command again to resume."
    ) from failure


def _open(url: str, *, start: int) -> Response:
    headers = {"User-Agent": "matinee", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(check_url(url), headers=headers)  # noqa: S310 - checked to be of HTTP.
    response: Response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - checked to be of HTTP.
    return response


def _failure(url: str, error: Exception) -> DownloadError:
    if isinstance(error, urllib.error.HTTPError):
        return DownloadError(f"{url}: the server answers {error.code} {error.reason}.")
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return DownloadError(f"{url}: cannot be reached ({reason or type(error).__name__}): check the network.")
