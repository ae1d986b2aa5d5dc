from pathlib import Path

import pytest

from recommender.atomic_folder import atomic_folder


def test_folder_appears_with_all_files_when_the_block_ends(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "1"

    with atomic_folder(folder) as beside:
        (beside / "a.txt").write_text("first")
        (beside / "b.txt").write_text("second")
        assert not folder.exists()

    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.txt": "first", "b.txt": "second"}
    assert [path.name for path in folder.parent.iterdir()] == ["1"]


def test_nothing_remains_after_an_error(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic_folder(tmp_path / "1") as beside:
            (beside / "a.txt").write_text("half")
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        write_half()

    assert list(tmp_path.iterdir()) == []


def test_existing_folder_with_files_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "1"
    folder.mkdir()
    (folder / "a.txt").write_text("old")

    with pytest.raises(OSError, match="not empty"), atomic_folder(folder) as beside:
        (beside / "a.txt").write_text("new")

    assert (folder / "a.txt").read_text() == "old"
    assert list(tmp_path.iterdir()) == [folder]
