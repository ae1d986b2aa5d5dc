"""The files of an export: CSV, the same rows as Parquet, and a manifest with the checksums of both."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import SnapshotError
from recommender.atomic_folder import LATEST

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Snapshot:
    """A complete export on disk. It contains every change before ``settled_at``."""

    folder: Path
    kind: str
    rows: int
    settled_at: datetime
    csv_sha256: str
    parquet_sha256: str

    @property
    def parquet(self) -> Path:
        """The rows as Parquet."""
        return self.folder / f"{self.kind}.parquet"


def manifest_write(
    folder: Path, *, kind: str, rows: int, settled_at: datetime, schema: "pa.Schema", csv_sha256: str
) -> dict[str, Any]:
    """Write a manifest of the files in ``folder``, and return its content."""
    known = {f"{kind}.csv": csv_sha256}
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": known.get(path.name) or file_sha256(path)}
        for path in folder.iterdir()
    }
    content: dict[str, Any] = {
        "kind": kind,
        "rows": rows,
        "settledAt": settled_at.isoformat(),
        "columns": {field.name: str(field.type) for field in schema},
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return content


def snapshot_latest(exports_dir: Path, kind: str) -> Snapshot:
    """Return the newest export of ``kind``, after checking its Parquet file against the manifest.

    Raises:
        SnapshotError: there is none, or it cannot be read, or its checksum differs.

    """
    link = exports_dir / kind / LATEST
    try:
        folder = link.resolve(strict=True)
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        snapshot = _make_snapshot(folder, content)
        actual = file_sha256(snapshot.parquet)
    except FileNotFoundError as error:
        message = f"There is no export of the {kind} (looked for {link}): run exportdatasets first."
        raise SnapshotError(message) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The export in {link} cannot be read ({error}): run exportdatasets again."
        raise SnapshotError(message) from error
    if actual != snapshot.parquet_sha256:
        message = f"{snapshot.parquet} has changed since the export (its checksum differs): run exportdatasets again."
        raise SnapshotError(message)
    return snapshot


def _make_snapshot(folder: Path, content: dict[str, Any]) -> Snapshot:
    kind, files = content["kind"], content["files"]
    return Snapshot(
        folder=folder,
        kind=kind,
        rows=content["rows"],
        settled_at=datetime.fromisoformat(content["settledAt"]),
        csv_sha256=files[f"{kind}.csv"]["sha256"],
        parquet_sha256=files[f"{kind}.parquet"]["sha256"],
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
