import hashlib
import threading
from pathlib import Path

from pipeline.growing import GrowingFile


def test_reader_waits_for_what_is_still_to_be_written(tmp_path: Path) -> None:
    path, ended = tmp_path / "rows.csv", threading.Event()
    first_read = threading.Event()
    sizes: list[int] = []

    def on_read(size: int) -> None:
        sizes.append(size)
        first_read.set()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            file.write(b"ab")
            first_read.wait(timeout=30)
            file.write(b"cdef")
            file.write(b"g")
        ended.set()

    path.touch()
    writer = threading.Thread(target=write)
    writer.start()
    with GrowingFile(path, ended=ended, on_read=on_read) as growing:
        pieces = [growing.read(2), growing.read(3), growing.read(10), growing.read(10)]
    writer.join()

    assert pieces == [b"ab", b"cde", b"fg", b""]
    assert sizes == [2, 3, 2, 0]
    assert growing.sha256 == hashlib.sha256(b"abcdefg").hexdigest()


def test_file_that_has_ended_is_read_whole(tmp_path: Path) -> None:
    path, ended = tmp_path / "rows.csv", threading.Event()
    path.write_bytes(b"x" * 100_000)
    ended.set()

    with GrowingFile(path, ended=ended, on_read=lambda _size: None) as growing:
        assert growing.read() == b"x" * 100_000
