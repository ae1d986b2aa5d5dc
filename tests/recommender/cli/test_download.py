import hashlib
import zipfile
from pathlib import Path

from tests.recommender.cli.process import matinee
from tests.recommender.file_server import served


def test_a_data_set_is_downloaded_and_the_second_time_found_there(tmp_path: Path) -> None:
    (tmp_path / "sets").mkdir()
    archive = tmp_path / "sets" / "ml-100k.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("ml-100k/u.data", "1\t1\t5\t874965758\n" * 1000)
    digest = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
    archive.with_name("ml-100k.zip.md5").write_text(f"{digest}  ml-100k.zip\n")
    with served(tmp_path) as server:
        server.cut_after = 7000
        command = ("download", "100k", "--out", tmp_path / "data", "--base-url", f"{server.url}/")
        first, second = matinee(*command), matinee(*command)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(f"Unpacked ml-100k.zip to {tmp_path / 'data' / 'ml-100k'}: ")
    assert (tmp_path / "data" / "ml-100k" / "u.data").read_text().count("\n") == 1000
    assert second.returncode == 0
    assert "exists already" in second.stdout
    assert len(server.asked) == 3


def test_the_error_for_an_unknown_download_is_one_sentence(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        pass
    for arguments, message in (
        (("33m",), "There is no MovieLens data set '33m'"),
        (("1m", "--base-url", "ftp://example"), "'ftp://example' is no address to download from"),
        (("1m", "--base-url", server.url), "cannot be reached"),
    ):
        done = matinee("download", *arguments, "--out", tmp_path / "data")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert message in done.stderr
    assert list(tmp_path.iterdir()) == []
