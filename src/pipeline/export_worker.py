"""Reads queries as CSV. `pipeline.parallel_export` runs several of these programs; this one imports nothing of ours.

The driver hands rows over one by one, and in one process only one thread at a time can take them. From standard input
come lines of JSON: how to connect, then a query each. To standard output go, for each query, the number of its bytes
(8, big-endian) and the bytes. What goes wrong is one line on standard error.
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


def main(orders: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the orders end."""
    start = json.loads(orders.readline())
    with contextlib.closing(psycopg2.connect(**start["connect"])) as session, session.cursor() as cursor:
        session.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [start["snapshot"]])
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        for line in orders:
            received = io.BytesIO()
            cursor.copy_expert(f"COPY ({json.loads(line)}) TO STDOUT WITH (FORMAT csv)", received, _PIECE_BYTES)
            answers.write(received.tell().to_bytes(SIZE_BYTES, "big"))
            answers.write(received.getbuffer())
            answers.flush()


if __name__ == "__main__":
    # Who asked decides when to stop, also when both are interrupted from the keyboard.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        main(sys.stdin.buffer, sys.stdout.buffer)
    except psycopg2.Error as error:
        sys.exit(str(error).strip().partition("\n")[0] or "the database gave no reason")
