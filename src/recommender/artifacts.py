"""Stored models: a folder of plain `.npy` arrays and one JSON manifest. Data, never code.

A folder appears completely, by one rename, or not at all, and never changes afterwards. Reading checks every array
against the size, hash, dtype and shape in the manifest, and never unpickles.
"""

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from recommender.arrays import AnyArray
from recommender.atomic_folder import atomic_folder
from recommender.errors import ArtifactError

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
_LIBRARIES = ("implicit", "numba", "numpy", "scikit-surprise", "scipy", "torch")


@dataclass(frozen=True)
class Provenance:
    """The origin of a model.

    `algorithm`: its name; `config`: hyper-parameters; `seed`; `dataset`: checksum of the snapshot; `metrics`: name to
    finite value, measured on held-out ratings.
    """

    algorithm: str
    config: Mapping[str, str | int | float | bool | None]
    seed: int
    dataset: str
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The manifest of a stored model.

    `kind` names the class of model that can read it; `parameters` are that class's scalars; `libraries` maps names to
    versions; `arrays` maps a name to its `sha256`, `dtype`, `shape` and `bytes` (size of the file).
    """

    format_version: int
    kind: str
    created_at: str
    provenance: Provenance
    libraries: Mapping[str, str]
    parameters: Mapping[str, Any]
    arrays: Mapping[str, Mapping[str, Any]]


def write_artifact(
    folder: Path,
    *,
    kind: str,
    arrays: Mapping[str, AnyArray],
    parameters: Mapping[str, float | list[float]],
    provenance: Provenance,
) -> Manifest:
    """Write `arrays` and their manifest to a temporary folder, sync it and rename it to `folder`.

    Raises ArtifactError when `folder` exists, an array or a metric is not finite, or the disk refuses.
    """
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ArtifactError(f"{name} holds NaN or infinity: such a model is never saved; train again.")
    if folder.exists():
        raise ArtifactError(f"{folder}: exists already, and stored models are never changed: choose another folder.")
    try:
        with atomic_folder(folder) as beside:
            manifest = Manifest(
                format_version=FORMAT_VERSION,
                kind=kind,
                created_at=datetime.now(UTC).isoformat(timespec="seconds"),
                provenance=provenance,
                libraries=library_versions(),
                parameters=parameters,
                arrays={name: _array_write(beside / f"{name}.npy", array) for name, array in arrays.items()},
            )
            (beside / MANIFEST).write_bytes(_encode_manifest(manifest))
    except OSError as error:
        raise ArtifactError(f"{folder}: the model could not be written ({error}); nothing was left there.") from error
    return manifest


def read_artifact(folder: Path, *, kind: str, names: Sequence[str], mmap: bool) -> tuple[Manifest, dict[str, AnyArray]]:
    """Return the manifest and the arrays `names` of a stored model, all checked; read-only maps of the files if `mmap`.

    Raises ArtifactError that names the file: missing, altered, of another kind or format, or holding Python objects.
    """
    manifest = read_manifest(folder)
    if manifest.kind != kind:
        raise ArtifactError(f"{folder / MANIFEST}: describes a model of kind {manifest.kind!r}, wanted {kind!r}.")
    if set(manifest.arrays) != set(names):
        raise ArtifactError(
            f"{folder / MANIFEST}: lists the arrays {sorted(manifest.arrays)}, wanted {sorted(names)}: train again."
        )
    return manifest, {name: _read_array(folder / f"{name}.npy", manifest.arrays[name], mmap=mmap) for name in names}


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the model in `folder`; ArtifactError if it is missing, torn or of another format."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["format_version"]
        if version != FORMAT_VERSION:
            raise ArtifactError(f"{path}: has format version {version}, this code reads {FORMAT_VERSION}: train again.")
        return Manifest(**{**content, "provenance": Provenance(**content["provenance"])})
    except FileNotFoundError as error:
        raise ArtifactError(f"{path}: there is no model here: train one first.") from error
    except (OSError, UnicodeDecodeError, ValueError, TypeError, KeyError) as error:
        raise ArtifactError(f"{path}: is not a model's manifest ({error}): train again.") from error


def _array_write(path: Path, array: AnyArray) -> dict[str, str | int | list[int]]:
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)
    return {
        "sha256": _sha256(path),
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "bytes": path.stat().st_size,
    }


def _read_array(path: Path, described: Mapping[str, Any], *, mmap: bool) -> AnyArray:
    try:
        if path.stat().st_size != described["bytes"] or _sha256(path) != described["sha256"]:
            raise ArtifactError(f"{path}: is not the file that was saved (size or hash differs): train again.")
        array: AnyArray = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    except FileNotFoundError as error:
        raise ArtifactError(f"{path}: is missing from the model: train again.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"{path}: cannot be read as a plain array ({error}): train again.") from error
    if array.dtype.str != described.get("dtype") or list(array.shape) != described.get("shape"):
        raise ArtifactError(
            f"{path}: holds {array.dtype.str} of shape {list(array.shape)}, the manifest says "
            f"{described.get('dtype')} of shape {described.get('shape')}: train again."
        )
    return array


def _encode_manifest(manifest: Manifest) -> bytes:
    content = {**asdict(manifest), "provenance": asdict(manifest.provenance)}
    try:
        return (json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"The manifest cannot be written as JSON ({error}): metrics must be finite.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that affect training."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
