"""A real HTTP server of a folder's files that knows ranges and can be told to misbehave."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


@dataclass
class Behaviour:
    """How the server is to behave, and what it was asked for.

    `cut_after`: break off each answer with a ZIP archive after so many bytes; `ranges`: whether it knows them;
    `requests`: path and Range of each request.
    """

    cut_after: int | None = None
    ranges: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    @property
    def asked(self) -> list[str | None]:
        """The Range of each request for an archive."""
        return [range_ for path, range_ in self.requests if path.endswith(".zip")]


class Handler(BaseHTTPRequestHandler):
    folder: Path
    behaviour: Behaviour

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.behaviour.requests.append((self.path, asked))
        file = self.folder / unquote(self.path).lstrip("/")
        if not file.is_file():
            self.send_error(404)
            return
        content = file.read_bytes()
        start = self.send_range(asked if self.behaviour.ranges else None, len(content))
        if start is None:
            return
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cut = self.behaviour.cut_after if file.suffix == ".zip" else None
        self.wfile.write(content[start:] if cut is None else content[start : start + cut])
        self.close_connection = True

    def send_range(self, asked: str | None, size: int) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", asked or "")
        start = int(match[1]) if match else 0
        if start and start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self.send_response(206 if match else 200)
        if match:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        return start

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's names.
        """Keep quiet."""


@contextmanager
def served(folder: Path) -> Iterator[Behaviour]:
    """Serve `folder` on a port of its own until the block ends."""
    behaviour = Behaviour()

    handler = type("Served", (Handler,), {"folder": folder, "behaviour": behaviour})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    behaviour.url = f"http://127.0.0.1:{server.server_address[1]}/sets"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield behaviour
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
