"""Writing the rows of an export: CSV as it comes, and the same rows as Parquet soon after."""

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

# So many pieces of CSV wait in memory for their turn to become Parquet.
_AHEAD = 2


@contextmanager
def snapshot_files(folder: Path, kind: str, schema: "pa.Schema") -> Iterator["SnapshotFiles"]:
    """Yield the new files ``kind``.csv and ``kind``.parquet in ``folder``, which are whole when the block has ended."""
    import pyarrow as pa  # noqa: PLC0415 - half a second that the web process need not pay.
    import pyarrow.parquet as arrow_parquet  # noqa: PLC0415

    # Hardly two rows have the same time, so that a dictionary of times costs a third of the writing and saves nothing.
    repeating = [field.name for field in schema if not pa.types.is_timestamp(field.type)]
    with (
        (folder / f"{kind}.csv").open("xb") as csv,
        arrow_parquet.ParquetWriter(folder / f"{kind}.parquet", schema, use_dictionary=repeating) as parquet,
        ThreadPoolExecutor(1, "parquet") as beside,
    ):
        files = SnapshotFiles(csv, parquet, schema, beside)
        yield files
        files.finish()


class SnapshotFiles:
    """Takes CSV without a header, whole rows at a time, each piece a row group of the Parquet file."""

    def __init__(
        self, csv: BinaryIO, parquet: "arrow_parquet.ParquetWriter", schema: "pa.Schema", beside: ThreadPoolExecutor
    ) -> None:
        """Write the header."""
        self.rows = 0
        self._csv, self._parquet, self._schema, self._beside = csv, parquet, schema, beside
        self._waiting: deque[Future[int]] = deque()
        self._digest = hashlib.sha256()
        self._csv_add((",".join(schema.names) + "\n").encode())

    @property
    def sha256(self) -> str:
        """The checksum of the CSV by now, in hexadecimal."""
        return self._digest.hexdigest()

    def add(self, text: bytes | memoryview) -> None:
        """Take the next rows."""
        if not len(text):
            return
        self._waiting.append(self._beside.submit(self._parquet_add, text))
        self._csv_add(text)
        if len(self._waiting) > _AHEAD:
            self.rows += self._waiting.popleft().result()

    def finish(self) -> None:
        """Wait until all rows are written."""
        while self._waiting:
            self.rows += self._waiting.popleft().result()

    def _csv_add(self, text: bytes | memoryview) -> None:
        self._csv.write(text)
        self._digest.update(text)

    def _parquet_add(self, text: bytes | memoryview) -> int:
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
