"""The files of an export: CSV, the same rows as Parquet, and a manifest that vouches for both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeline.errors import SnapshotError
from pipeline.folders import LATEST
from pipeline.growing import GrowingFile

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST = "manifest.json"
# Parquet row groups are what this much CSV holds.
_CSV_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class Snapshot:
    """A whole export on the disk; every change before ``settled_at`` is in it."""

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


def parquet_write(csv_file: IO[bytes] | GrowingFile, parquet_path: Path, schema: "pa.Schema") -> None:
    """Write the rows of a CSV file as Parquet, a block at a time."""
    import pyarrow.csv as arrow_csv  # noqa: PLC0415 - half a second that the web process need not pay.
    import pyarrow.parquet as arrow_parquet  # noqa: PLC0415 - see above.

    reader = arrow_csv.open_csv(
        csv_file,
        read_options=arrow_csv.ReadOptions(block_size=_CSV_BLOCK_BYTES),
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types={field.name: field.type for field in schema}, include_columns=schema.names
        ),
    )
    with reader, arrow_parquet.ParquetWriter(parquet_path, schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


def manifest_write(
    folder: Path, *, kind: str, rows: int, settled_at: datetime, schema: "pa.Schema", checksums: Mapping[str, str]
) -> dict[str, Any]:
    """Describe the files in ``folder`` in a manifest beside them, and return its content.

    ``checksums``: SHA-256 by name, of files for which it is known already.
    """
    files = {
        path.name: {"bytes": path.stat().st_size, "sha256": checksums.get(path.name) or file_sha256(path)}
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
    """Return the newest export of ``kind``, its Parquet file checked against the manifest.

    Raises:
        SnapshotError: there is none, or it is not what was written.

    """
    link = exports_dir / kind / LATEST
    try:
        folder = link.resolve(strict=True)
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        snapshot = _snapshot_of(folder, content)
        actual = file_sha256(snapshot.parquet)
    except FileNotFoundError as error:
        message = f"There is no export of the {kind} (looked for {link}): run exportdatasets first."
        raise SnapshotError(message) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The export in {link} cannot be read ({error}): run exportdatasets again."
        raise SnapshotError(message) from error
    if actual != snapshot.parquet_sha256:
        message = f"{snapshot.parquet} is not what was exported, its checksum differs: run exportdatasets again."
        raise SnapshotError(message)
    return snapshot


def _snapshot_of(folder: Path, content: dict[str, Any]) -> Snapshot:
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
