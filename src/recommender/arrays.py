"""Array types and the checks that every boundary of the library makes."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from recommender.errors import DataError

Float32Array: TypeAlias = npt.NDArray[np.float32]
Float64Array: TypeAlias = npt.NDArray[np.float64]
Int32Array: TypeAlias = npt.NDArray[np.int32]
Int64Array: TypeAlias = npt.NDArray[np.int64]
UInt8Array: TypeAlias = npt.NDArray[np.uint8]
# An array whose dtype is checked where it is used, such as one read from a file.
AnyArray: TypeAlias = npt.NDArray[Any]
IntegerArray: TypeAlias = npt.NDArray[np.integer]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
IdsLike: TypeAlias = npt.NDArray[np.integer] | Sequence[int]
ValuesLike: TypeAlias = npt.NDArray[np.floating | np.integer] | Sequence[float]

_Scalar = TypeVar("_Scalar", bound=np.generic)

# Finiteness is checked this many numbers at a time, so that a memory-mapped array never needs a mask of its size.
_CHUNK = 1 << 20


def check_ids(ids: IdsLike, name: str) -> Int64Array:
    """Return `ids` as a 1-d int64 array; DataError when they are not whole numbers in one dimension."""
    return check_integers(ids, name).astype(np.int64, copy=False)


def check_integers(ids: IdsLike, name: str) -> IntegerArray:
    """Return `ids` like `check_ids`, but in their own integer type, without a copy."""
    array = np.asarray(ids)
    if array.ndim != 1:
        raise DataError(f"{name} must be one-dimensional, got shape {array.shape}.")
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind not in "iu":
        raise DataError(f"{name} must be integers, got {array.dtype}: convert them before.")
    if array.dtype == np.uint64 and int(array.max()) > np.iinfo(np.int64).max:
        raise DataError(f"{name} holds {int(array.max())}, which does not fit 64 signed bits.")
    return array


def check_finite(array: npt.NDArray[np.floating], name: str) -> None:
    """Raise DataError at the first NaN or infinity of `array` (any shape), with its index and value."""
    flat = array.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        finite = np.isfinite(flat[start : start + _CHUNK])
        if finite.all():
            continue
        at = start + int(np.argmin(finite))
        index = tuple(int(i) for i in np.unravel_index(at, array.shape))
        raise DataError(f"{name} must be finite, but {name}{list(index)} is {flat[at]}.")


def check_shape(array: npt.NDArray[np.generic], shape: tuple[int, ...], name: str) -> None:
    """Raise DataError unless `array` has exactly `shape`."""
    if array.shape != shape:
        raise DataError(f"{name} must have shape {shape}, got {array.shape}.")


def readonly_view(array: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """Return a contiguous read-only view, so that kernels compile once for plain and for memory-mapped arrays."""
    view = np.ascontiguousarray(array).view(np.ndarray)
    view.flags.writeable = False
    return view
