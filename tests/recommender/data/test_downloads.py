import hashlib
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.recommender.file_server import Behaviour, served

from recommender.data.archives import extract_archive
from recommender.data.downloads import MOVIELENS, download_movielens, get_movielens
from recommender.errors import ConfigError, DownloadError

SMALL = MOVIELENS["latest-small"]
RATINGS = b"userId,movieId,rating,timestamp\n1,1,4.0,964982703\n"
# Big enough for an interruption, and nothing that compresses.
NOISE = np.random.default_rng(0).bytes(400_000)


def _published(folder: Path, name: str = "ml-latest-small", *, md5: str | None = None) -> bytes:
    """Put an archive and its checksum where the server finds them; what the archive holds."""
    (folder / "sets").mkdir(exist_ok=True)
    path = folder / "sets" / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/", "")
        archive.writestr(f"{name}/ratings.csv", RATINGS)
        archive.writestr(f"{name}/deeper/noise.bin", NOISE)
    digest = md5 or hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    path.with_name(f"{name}.zip.md5").write_text(f"MD5 ({name}.zip) = {digest}\n")
    return path.read_bytes()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Behaviour]:
    with served(tmp_path) as behaviour:
        yield behaviour


def _whole(folder: Path, name: str = "ml-latest-small") -> bool:
    assert (folder / name / "ratings.csv").read_bytes() == RATINGS
    assert (folder / name / "deeper" / "noise.bin").read_bytes() == NOISE
    assert [entry.name for entry in folder.iterdir()] == [name]
    return True


def test_a_data_set_is_fetched_checked_and_unpacked_and_its_archive_removed(tmp_path: Path, server: Behaviour) -> None:
    size, seen = len(_published(tmp_path)), list[tuple[int, int | None]]()
    out = tmp_path / "new" / "data"
    path = download_movielens(SMALL, out, base_url=server.url, on_bytes=lambda done, total: seen.append((done, total)))
    assert path == out / "ml-latest-small"
    assert _whole(out)
    assert seen[-1] == (size, size)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_an_existing_data_set_is_left_unchanged(tmp_path: Path, server: Behaviour) -> None:
    mine = tmp_path / "data" / "ml-latest-small"
    mine.mkdir(parents=True)
    assert download_movielens(SMALL, tmp_path / "data", base_url=server.url) == mine
    assert server.requests == []


def test_a_broken_connection_is_resumed(tmp_path: Path, server: Behaviour) -> None:
    size = len(_published(tmp_path))
    server.cut_after = 150_000
    download_movielens(SMALL, tmp_path / "data", base_url=server.url)
    assert _whole(tmp_path / "data")
    assert server.asked == [None, *(f"bytes={start}-" for start in range(150_000, size, 150_000))]


def test_an_interrupted_download_resumes_in_the_next_call(tmp_path: Path, server: Behaviour) -> None:
    content, out = _published(tmp_path), tmp_path / "data"

    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download_movielens(SMALL, out, base_url=server.url, on_bytes=interrupt)
    (part,) = out.iterdir()
    begun = part.read_bytes()
    assert part.name == "ml-latest-small.zip.part"
    assert content.startswith(begun)
    assert 0 < len(begun) < len(content)
    download_movielens(SMALL, out, base_url=server.url)
    assert _whole(out)
    assert server.asked == [None, f"bytes={len(begun)}-"]


def test_a_complete_part_is_not_fetched_again(tmp_path: Path, server: Behaviour) -> None:
    content, out = _published(tmp_path), tmp_path / "data"
    out.mkdir()
    (out / "ml-latest-small.zip.part").write_bytes(content)
    download_movielens(SMALL, out, base_url=server.url)
    assert _whole(out)
    assert server.asked == [f"bytes={len(content)}-"]


@pytest.mark.parametrize("begun", [b"another", NOISE * 2])
def test_a_part_of_another_file_is_fetched_again_from_its_start(
    tmp_path: Path, server: Behaviour, begun: bytes
) -> None:
    _published(tmp_path)
    out = tmp_path / "data"
    out.mkdir()
    (out / "ml-latest-small.zip.part").write_bytes(begun)
    download_movielens(SMALL, out, base_url=server.url)
    assert _whole(out)
    assert server.asked == [f"bytes={len(begun)}-", None]


def test_a_server_without_ranges_sends_the_whole_file_again(tmp_path: Path, server: Behaviour) -> None:
    content, out = _published(tmp_path), tmp_path / "data"
    out.mkdir()
    (out / "ml-latest-small.zip.part").write_bytes(content[:1000])
    server.ranges = False
    download_movielens(SMALL, out, base_url=server.url)
    assert _whole(out)


def test_a_server_that_sends_nothing_is_an_error_and_the_part_is_kept(tmp_path: Path, server: Behaviour) -> None:
    content, out = _published(tmp_path), tmp_path / "data"
    out.mkdir()
    (out / "ml-latest-small.zip.part").write_bytes(content[:1000])
    server.cut_after = 0
    with pytest.raises(DownloadError, match=r"broke after 1,000 bytes of 40\d,\d{3}: run the same command again"):
        download_movielens(SMALL, out, base_url=server.url)
    assert (out / "ml-latest-small.zip.part").read_bytes() == content[:1000]


def test_an_archive_with_another_checksum_is_refused_and_removed(tmp_path: Path, server: Behaviour) -> None:
    _published(tmp_path, md5="0" * 32)
    with pytest.raises(DownloadError, match=r"and should have 0{32}: it was damaged"):
        download_movielens(SMALL, tmp_path / "data", base_url=server.url)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_mirror_without_a_checksum_must_match_that_of_grouplens(tmp_path: Path, server: Behaviour) -> None:
    _published(tmp_path, "ml-1m")
    (tmp_path / "sets" / "ml-1m.zip.md5").unlink()
    with pytest.raises(DownloadError, match="and should have c4d9eecfca2ab87c1945afe126590906"):
        download_movielens(MOVIELENS["1m"], tmp_path / "data", base_url=server.url)


def test_an_archive_without_any_checksum_is_not_fetched(tmp_path: Path, server: Behaviour) -> None:
    _published(tmp_path, md5="none")
    with pytest.raises(DownloadError, match=r"ml-latest-small\.zip\.md5: holds no MD5"):
        download_movielens(SMALL, tmp_path / "data", base_url=server.url)
    (tmp_path / "sets" / "ml-latest-small.zip.md5").unlink()
    with pytest.raises(DownloadError, match=r"ml-latest-small\.zip\.md5: is not there"):
        download_movielens(SMALL, tmp_path / "data", base_url=server.url)
    assert server.asked == []
    assert not (tmp_path / "data").exists()


def test_a_missing_archive_is_an_error(tmp_path: Path, server: Behaviour) -> None:
    _published(tmp_path)
    (tmp_path / "sets" / "ml-latest-small.zip").unlink()
    with pytest.raises(DownloadError, match=r"ml-latest-small\.zip: the server answers 404 Not Found"):
        download_movielens(SMALL, tmp_path / "data", base_url=server.url)


@pytest.mark.parametrize("url", ["ftp://files.example", "files.example", "http://", "https://[", "file:///etc"])
def test_an_address_other_than_http_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="no address to download from"):
        download_movielens(SMALL, tmp_path, base_url=url)


def test_an_unreachable_server_is_an_error(tmp_path: Path) -> None:
    with served(tmp_path) as gone:
        pass
    with pytest.raises(DownloadError, match="cannot be reached"):
        download_movielens(SMALL, tmp_path / "data", base_url=gone.url)


def test_data_sets_are_found_by_their_usual_names() -> None:
    assert get_movielens("ML-25M") is MOVIELENS["25m"]
    assert get_movielens("latest-small") is SMALL
    with pytest.raises(ConfigError, match="no MovieLens data set '33m': choose one of 100k, 1m, 10m"):
        get_movielens("33m")
    assert [dataset.archive for dataset in MOVIELENS.values()][:2] == ["ml-100k.zip", "ml-1m.zip"]
    assert [name for name, dataset in MOVIELENS.items() if dataset.md5 is None] == ["latest", "latest-small"]


def _archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_an_archive_without_a_single_folder_gets_one(tmp_path: Path) -> None:
    extract_archive(_archive(tmp_path / "a.zip", {"one.txt": b"1", "sub/two.txt": b"2"}), tmp_path / "out")
    assert (tmp_path / "out" / "one.txt").read_bytes() == b"1"
    assert (tmp_path / "out" / "sub" / "two.txt").read_bytes() == b"2"


@pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/evil.txt", "..\\evil.txt", "C:/evil.txt"])
def test_an_archive_that_reaches_outside_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    archive = _archive(tmp_path / "a.zip", {"fine.txt": b"1", name: b"2"})
    with pytest.raises(DownloadError, match=r"would land outside of its folder"):
        extract_archive(archive, tmp_path / "deep" / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_an_archive_with_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DownloadError, match="'link', which is a link"):
        extract_archive(tmp_path / "a.zip", tmp_path / "out")


def test_a_damaged_archive_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "a.zip", {"set/one.txt": b"unmistakable", "set/two.txt": b"2"})
    archive.write_bytes(archive.read_bytes().replace(b"unmistakable", b"mistakenly!!"))
    with pytest.raises(DownloadError, match=r"a\.zip: cannot be unpacked \(Bad CRC"):
        extract_archive(archive, tmp_path / "out")
    archive.write_bytes(b"no archive")
    with pytest.raises(DownloadError, match="not a zip file"):
        extract_archive(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
