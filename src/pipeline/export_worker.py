"""A worker process of `pipeline.parallel_export` that runs queries and returns their rows as CSV.

It imports no other module of the project. Processes read in parallel, which threads of one process cannot do with this
driver. Standard input has lines of JSON: the connection parameters and the snapshot, then one query per line. For each
query, standard output has the number of bytes (8 bytes, big-endian) and the CSV. An error is a line on standard error.
"""

import contextlib
import io
import json
import signal
import sys
from typing import BinaryIO

import psycopg2

SIZE_BYTES = 8
_PIECE_BYTES = 1 << 20


def main(requests: BinaryIO, responses: BinaryIO) -> None:
    """Answer requests until there are no more."""
    start = json.loads(requests.readline())
    with contextlib.closing(psycopg2.connect(**start["connect"])) as session, session.cursor() as cursor:
        session.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [start["snapshot"]])
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        for line in requests:
            received = io.BytesIO()
            cursor.copy_expert(f"COPY ({json.loads(line)}) TO STDOUT WITH (FORMAT csv)", received, _PIECE_BYTES)
            responses.write(received.tell().to_bytes(SIZE_BYTES, "big"))
            responses.write(received.getbuffer())
            responses.flush()


if __name__ == "__main__":
    # An interrupt from the keyboard reaches both processes. The parent stops this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        main(sys.stdin.buffer, sys.stdout.buffer)
    except psycopg2.Error as error:
        sys.exit(str(error).strip().partition("\n")[0] or "the database gave no reason")
