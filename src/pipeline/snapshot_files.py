"""Writes the rows of an export as CSV and, in a second thread, as Parquet."""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as arrow_parquet

# Pieces of CSV that wait in memory until they are written as Parquet.
_MAX_WAITING = 2


@contextmanager
def snapshot_files(folder: Path, kind: str, schema: "pa.Schema") -> Iterator["SnapshotFiles"]:
    """Create ``kind``.csv and ``kind``.parquet in ``folder``. They are complete when the ``with`` block has ended."""
    import pyarrow as pa  # noqa: PLC0415 - takes half a second, which the web process can save.
    import pyarrow.parquet as arrow_parquet  # noqa: PLC0415

    # Nearly all times differ, so a dictionary of times would save no space and would slow writing down by half.
    repeating = [field.name for field in schema if not pa.types.is_timestamp(field.type)]
    with (
        (folder / f"{kind}.csv").open("xb") as csv,
        arrow_parquet.ParquetWriter(folder / f"{kind}.parquet", schema, use_dictionary=repeating) as parquet,
        ThreadPoolExecutor(1, "parquet") as thread,
    ):
        files = SnapshotFiles(csv, parquet, schema, thread)
        yield files
        files.finish()


class SnapshotFiles:
    """The two files of an export. Each piece of CSV becomes a row group of the Parquet file."""

    def __init__(
        self, csv: BinaryIO, parquet: "arrow_parquet.ParquetWriter", schema: "pa.Schema", thread: ThreadPoolExecutor
    ) -> None:
        """Write the header of the CSV."""
        self.rows = 0
        self._csv, self._parquet, self._schema, self._thread = csv, parquet, schema, thread
        self._waiting: deque[Future[int]] = deque()
        self._digest = hashlib.sha256()
        self._write_csv((",".join(schema.names) + "\n").encode())

    @property
    def sha256(self) -> str:
        """The checksum of the CSV written so far, in hexadecimal."""
        return self._digest.hexdigest()

    def add(self, text: bytes | memoryview) -> None:
        """Add rows as CSV without a header, whole rows only."""
        if not len(text):
            return
        self._waiting.append(self._thread.submit(self._write_parquet, text))
        self._write_csv(text)
        if len(self._waiting) > _MAX_WAITING:
            self.rows += self._waiting.popleft().result()

    def finish(self) -> None:
        """Wait until all rows are written."""
        while self._waiting:
            self.rows += self._waiting.popleft().result()

    def _write_csv(self, text: bytes | memoryview) -> None:
        self._csv.write(text)
        self._digest.update(text)

    def _write_parquet(self, text: bytes | memoryview) -> int:
        import pyarrow as pa  # noqa: PLC0415 - see snapshot_files.
        import pyarrow.csv as arrow_csv  # noqa: PLC0415

        table = arrow_csv.read_csv(
            pa.BufferReader(text),
            read_options=arrow_csv.ReadOptions(column_names=self._schema.names),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=pa.string() in self._schema.types),
            convert_options=arrow_csv.ConvertOptions(column_types={field.name: field.type for field in self._schema}),
        )
        self._parquet.write_table(table)
        return int(table.num_rows)
