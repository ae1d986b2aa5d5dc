"""Fetching a file over HTTP such that what has come once never has to come again."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from recommender.errors import ConfigError, DownloadError

OnBytes = Callable[[int, int | None], None]
"""Called with how many bytes are here, and how many there will be if that is known."""

_CHUNK_BYTES = 1 << 18
_TIMEOUT_SECONDS = 30.0
_PARTIAL, _RANGE_REFUSED = 206, 416
_NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


class Response(Protocol):
    """What of an answer over HTTP is used."""

    status: int
    headers: http.client.HTTPMessage

    def read(self, amount: int) -> bytes:
        """At most so many bytes, none at the end."""
        ...

    def close(self) -> None:
        """Let go of the connection."""


def check_url(url: str) -> str:
    """`url` without slashes at its end; ConfigError unless it is one of HTTP."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        parts = urllib.parse.urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(f"{url!r} is no address to download from: give one such as https://host/folder.")
    return url.rstrip("/")


def fetch_text(url: str) -> str | None:
    """The text at `url`, some kilobytes at most; None where the server has none; DownloadError for other failures."""
    try:
        response = _opened(url, start=0)
        try:
            return response.read(1 << 14).decode(errors="replace")
        finally:
            response.close()
    except urllib.error.HTTPError as error:
        if error.code in {http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE, http.HTTPStatus.FORBIDDEN}:
            return None
        raise _failed(url, error) from error
    except _NETWORK_ERRORS as error:
        raise _failed(url, error) from error


def fetch_file(url: str, path: Path, on_bytes: OnBytes | None = None) -> bool:
    """Fetch `url` as `path`, which appears when it is whole; whether it was begun in an earlier call.

    What has come stands in `path` with `.part` added, stays there when the connection breaks or the process ends, and
    is where the next call goes on. A connection that breaks is made anew as long as each brings something. Raises
    DownloadError where the server does not answer or has no such file.
    """
    part = path.with_name(f"{path.name}.part")
    begun_before = part.exists() and part.stat().st_size > 0
    while not _fetched(url, part, on_bytes):
        pass
    part.replace(path)
    return begun_before


def _fetched(url: str, part: Path, on_bytes: OnBytes | None) -> bool:
    """Go on with `part` over one connection; whether it is whole. DownloadError where nothing came."""
    start = part.stat().st_size if part.exists() else 0
    try:
        response = _opened(url, start=start)
    except urllib.error.HTTPError as error:
        if error.code != _RANGE_REFUSED or not start:
            raise _failed(url, error) from error
        # It has nothing after what is here: either that is all, or it is of another file.
        if error.headers.get("Content-Range", "").rpartition("/")[2] == str(start):
            return True
        part.unlink()
        return False
    except _NETWORK_ERRORS as error:
        raise _failed(url, error) from error
    try:
        return _received(response, part, url, start, on_bytes)
    finally:
        response.close()


def _received(response: Response, part: Path, url: str, start: int, on_bytes: OnBytes | None) -> bool:
    """Add what the server sends to `part`; whether that was all."""
    goes_on = response.status == _PARTIAL
    if goes_on and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise DownloadError(f"{url}: the server sent another part of the file than was asked for: try again later.")
    done = began = start if goes_on else 0
    length = response.headers.get("Content-Length", "")
    total = done + int(length) if length.isdecimal() else None
    failure: Exception | None = None
    with part.open("ab" if goes_on else "wb") as file:
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
    if done > began:
        return False
    raise DownloadError(
        f"{url}: the connection broke after {done:,} bytes{f' of {total:,}' if total else ''}: "
        "run the same again to go on from there."
    ) from failure


def _opened(url: str, *, start: int) -> Response:
    headers = {"User-Agent": "matinee", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(check_url(url), headers=headers)  # noqa: S310 - checked to be of HTTP.
    response: Response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - checked to be of HTTP.
    return response


def _failed(url: str, error: Exception) -> DownloadError:
    if isinstance(error, urllib.error.HTTPError):
        return DownloadError(f"{url}: the server answers {error.code} {error.reason}.")
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return DownloadError(f"{url}: cannot be reached ({reason or type(error).__name__}): check the network.")
