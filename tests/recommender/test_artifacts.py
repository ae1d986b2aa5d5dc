import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.artifacts import MANIFEST, Provenance, read_manifest
from recommender.errors import ArtifactError
from recommender.factors.model import FactorModel
from recommender.persistence import read_model, save_model

PROVENANCE = Provenance(
    algorithm="surprise-svd", config={"n_factors": 2}, seed=3, dataset="abc123", metrics={"rmse": 0.87}
)


@pytest.fixture
def saved(tmp_path: Path, tiny_model: FactorModel) -> Path:
    save_model(tiny_model, tmp_path / "model", PROVENANCE)
    return tmp_path / "model"


@pytest.mark.parametrize("mmap", [True, False])
def test_a_loaded_model_is_the_saved_one(saved: Path, tiny_model: FactorModel, mmap: bool) -> None:  # noqa: FBT001 - a parameter of the test.
    loaded = read_model(FactorModel, saved, mmap=mmap)
    assert loaded.users == tiny_model.users
    assert loaded.items == tiny_model.items
    assert loaded.global_mean == tiny_model.global_mean
    assert loaded.rating_scale == tiny_model.rating_scale
    assert loaded.fold_in_penalty == tiny_model.fold_in_penalty
    for name in ("user_biases", "item_biases", "user_factors", "item_factors"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(tiny_model, name))
        assert isinstance(getattr(loaded, name), np.memmap) is mmap


def test_the_manifest_says_where_the_model_comes_from(saved: Path) -> None:
    manifest = read_manifest(saved)
    assert manifest.provenance == PROVENANCE
    assert manifest.libraries["numpy"] == np.__version__
    assert manifest.arrays["item_factors"]["shape"] == [3, 2]
    assert manifest.arrays["item_factors"]["dtype"] == "<f4"


def test_only_plain_arrays_and_the_manifest_are_stored(saved: Path) -> None:
    names = {"user_ids", "item_ids", "user_biases", "item_biases", "user_factors", "item_factors"}
    assert {path.name for path in saved.iterdir()} == {f"{name}.npy" for name in names} | {MANIFEST}
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_a_stored_model_is_never_overwritten(saved: Path, tiny_model: FactorModel) -> None:
    before = (saved / MANIFEST).read_bytes()
    with pytest.raises(ArtifactError, match="exists already"):
        save_model(tiny_model, saved, PROVENANCE)
    assert (saved / MANIFEST).read_bytes() == before


def test_non_finite_metrics_are_never_saved(tmp_path: Path, tiny_model: FactorModel) -> None:
    with pytest.raises(ArtifactError, match="metrics must be finite"):
        save_model(tiny_model, tmp_path / "model", replace(PROVENANCE, metrics={"rmse": float("nan")}))
    assert list(tmp_path.iterdir()) == []


def test_factors_that_became_non_finite_are_never_saved(tmp_path: Path, tiny_model: FactorModel) -> None:
    tiny_model.item_factors[1, 1] = np.nan
    with pytest.raises(ArtifactError, match="item_factors holds NaN or infinity"):
        save_model(tiny_model, tmp_path / "model", PROVENANCE)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path, tiny_model: FactorModel) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ArtifactError, match="could not be written"):
        save_model(tiny_model, tmp_path / "file" / "model", PROVENANCE)


def _manifest_changed(saved: Path, **changes: object) -> None:
    path = saved / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _flip_a_byte(saved: Path) -> None:
    path = saved / "user_factors.npy"
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)


def _pickle(saved: Path) -> None:
    """A pickled array, and a manifest that vouches for it."""
    path = saved / "user_ids.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    _vouch(saved, "user_ids")


def _not_a_number(saved: Path) -> None:
    np.save(saved / "item_biases.npy", np.array([0, np.nan, 0], dtype=np.float32))
    _vouch(saved, "item_biases")


def _vouch(saved: Path, name: str) -> None:
    import hashlib  # noqa: PLC0415 - only the forger needs it.

    content = (saved / f"{name}.npy").read_bytes()
    arrays = json.loads((saved / MANIFEST).read_text())["arrays"]
    arrays[name].update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    _manifest_changed(saved, arrays=arrays)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda saved: (saved / "item_factors.npy").unlink(), r"item_factors\.npy: is missing"),
        (lambda saved: (saved / MANIFEST).unlink(), r"manifest\.json: there is no model here: train one first"),
        (lambda saved: (saved / MANIFEST).write_text('{"format_version": 1, '), r"manifest\.json: is not a model's"),
        (lambda saved: (saved / MANIFEST).write_text("[]"), r"manifest\.json: is not a model's"),
        (lambda saved: (saved / "user_ids.npy").write_bytes(b""), r"user_ids\.npy: is not the file that was saved"),
        (_flip_a_byte, r"user_factors\.npy: is not the file that was saved"),
        (_pickle, r"user_ids\.npy: cannot be read as a plain array"),
        (_not_a_number, r"item_biases\[1\] is nan.*: train it again"),
        (lambda saved: _manifest_changed(saved, format_version=99), "has format version 99, this code reads 1"),
        (lambda saved: _manifest_changed(saved, kind="trees"), "a model of kind 'trees', wanted 'factors'"),
        (lambda saved: _manifest_changed(saved, arrays={}), r"lists the arrays \[\]"),
        (lambda saved: _manifest_changed(saved, parameters={}), "does not hold a usable model"),
        (lambda saved: _manifest_changed(saved, surplus=1), r"manifest\.json: is not a model's"),
    ],
)
def test_a_damaged_model_is_refused_by_the_file_at_fault(
    saved: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(saved)
    with pytest.raises(ArtifactError, match=message):
        read_model(FactorModel, saved)
