"""Saving and loading of models: what is stored follows from a model's fields.

A model is a dataclass. Each array among its fields becomes a file of that name, each number a parameter in the
manifest, and `users` and `items` the arrays `user_ids` and `item_ids`. A field that is itself a dataclass or a named
tuple contributes its own fields. `stored_as` says where names differ.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

import numpy as np

from recommender.artifacts import Manifest, Provenance, read_artifact, write_artifact
from recommender.contract import AnyModel
from recommender.data.vocabulary import Vocabulary
from recommender.errors import ArtifactError, ConfigError, DataError

M = TypeVar("M")

# A part that is a model has these in common with the whole.
_COMMON = {"users", "items", "rating_scale"}
_IDS = {"users": "user_ids", "items": "item_ids"}


@dataclass(frozen=True)
class Names:
    """How the fields of a part are named in storage.

    `prefix`: before the names of its arrays; `renamed`: stored names by field name; `group`: the manifest's entry that
    holds its numbers; `constant`: numbers that are not stored, by field name.
    """

    prefix: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    constant: Mapping[str, float] = field(default_factory=dict)


def stored_as(
    prefix: str = "",
    *,
    renamed: Mapping[str, str] | None = None,
    group: str = "",
    constant: Mapping[str, float] | None = None,
) -> dict[str, Names]:
    """Return the metadata of a dataclass field whose parts are stored under other names: see `Names`."""
    return {"stored": Names(prefix, renamed or {}, group, constant or {})}


def save_model(model: AnyModel, folder: Path, provenance: Provenance) -> Manifest:
    """Write a model as `folder`, whole or not at all. ArtifactError if the folder exists or cannot be written."""
    stored = {**_pack(model), "rating_scale": list(model.rating_scale)}
    arrays = {name: value for name, value in stored.items() if isinstance(value, np.ndarray)}
    parameters = {name: value for name, value in stored.items() if name not in arrays}
    return write_artifact(folder, kind=model.kind, arrays=arrays, parameters=parameters, provenance=provenance)


def read_model(cls: type[M], folder: Path, *, mmap: bool = True) -> M:
    """Return the model of class `cls` in `folder`, with every file checked; memory-mapped unless `mmap` is false.

    ArtifactError if a file is missing, altered or unusable.
    """
    manifest, arrays = read_artifact(folder, kind=cls.kind, names=[*_array_names(cls)], mmap=mmap)  # type: ignore[attr-defined]  # a model
    stored = {**manifest.parameters, **arrays}
    try:
        low, high = stored["rating_scale"]
        common = {name: Vocabulary(stored[ids]) for name, ids in _IDS.items()}
        return _restore(cls, stored.__getitem__, {**common, "rating_scale": (float(low), float(high))})
    except (DataError, ConfigError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{folder}: does not hold a usable model ({error}): train it again.") from error


def _pack(whole: Any) -> dict[str, Any]:
    """Return all arrays and numbers of a model or of a part, by their stored names."""
    stored: dict[str, Any] = {}
    for name, cls, names in _fields(type(whole)):
        value = getattr(whole, name)
        if cls is Vocabulary:
            stored[_IDS[name]] = value.ids
        elif not _is_compound(cls):
            stored[name] = list(value) if isinstance(value, tuple) else value
        else:
            stored.update(_rename(_pack(value), names))
    return stored


def _rename(part: Mapping[str, Any], names: Names) -> dict[str, Any]:
    own = {
        names.renamed.get(name, name): value
        for name, value in part.items()
        if name not in {*names.constant, "user_ids", "item_ids", "rating_scale"}
    }
    arrays = {f"{names.prefix}{name}": value for name, value in own.items() if isinstance(value, np.ndarray)}
    numbers = {name: value for name, value in own.items() if not isinstance(value, np.ndarray)}
    return {**arrays, names.group: numbers} if names.group else {**arrays, **numbers}


def _restore(cls: type[M], stored: Callable[[str], Any], common: Mapping[str, Any]) -> M:
    """Return a model or a part from what is stored under each name."""
    values: dict[str, Any] = {}
    for name, field_type, names in _fields(cls):
        if name in _COMMON:
            values[name] = common[name]
        elif _is_compound(field_type):
            values[name] = _restore(field_type, _lookup(stored, names, set(_array_names(field_type))), common)
        else:
            value = stored(name)
            values[name] = value if isinstance(value, np.ndarray) else _number(value, field_type)
    return cls(**values)


def _lookup(stored: Callable[[str], Any], names: Names, arrays: set[str]) -> Callable[[str], Any]:
    """Return a function that finds the stored values of a part by the part's own names."""

    def look_up(name: str) -> Any:
        if name in names.constant:
            return names.constant[name]
        outer = names.renamed.get(name, name)
        if name in arrays:
            return stored(f"{names.prefix}{outer}")
        return stored(names.group)[outer] if names.group else stored(outer)

    return look_up


def _array_names(cls: type[Any]) -> Iterator[str]:
    """Yield the stored names of all arrays of a model or of a part."""
    for name, field_type, names in _fields(cls):
        if field_type is Vocabulary:
            yield _IDS[name]
        elif _is_compound(field_type):
            inner = (each for each in _array_names(field_type) if each not in _IDS.values())
            yield from (f"{names.prefix}{names.renamed.get(each, each)}" for each in inner)
        elif _is_array(field_type):
            yield name


def _fields(cls: type[Any]) -> Iterator[tuple[str, Any, Names]]:
    """Return name, type and stored names of each field of a dataclass or a named tuple."""
    hints = get_type_hints(cls)
    if is_dataclass(cls):
        yield from ((each.name, hints[each.name], each.metadata.get("stored", Names())) for each in fields(cls))
    else:
        yield from ((name, hints[name], Names()) for name in cls._fields)


def _is_compound(cls: Any) -> bool:
    return cls is not Vocabulary and (is_dataclass(cls) or hasattr(cls, "_fields"))


def _is_array(cls: Any) -> bool:
    origin = get_origin(cls)
    # NumPy 2.5 and later, for Python 3.12 and later, declare NDArray as a type alias, which contains the array type.
    return origin is np.ndarray or get_origin(getattr(origin, "__value__", None)) is np.ndarray


def _number(value: Any, field_type: Any) -> Any:
    """Return a number of the manifest, or a tuple of numbers, as its field declares it."""
    if get_origin(field_type) is tuple:
        return tuple(float(each) for each in value)
    return field_type(value)
