"""Small packages for tests that install: real wheels and source distributions, made on the spot."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path


def wheel_write(
    folder: Path, name: str, version: str, *, requires: Sequence[str] = (), extras: Iterable[str] = ()
) -> str:
    """Write a wheel with one empty module into ``folder``, and return its SHA-256."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    contents = {
        f"{module}.py": "",
        f"{info}/METADATA": _metadata(name, version, requires, extras),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in {**contents, f"{info}/RECORD": record}.items():
            wheel.writestr(inside, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def source_write(folder: Path, name: str, version: str) -> None:
    """Write a source distribution with nothing but its metadata into ``folder``."""
    text = _metadata(name, version, (), ()).encode()
    with tarfile.open(folder / f"{name}-{version}.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))


def _metadata(name: str, version: str, requires: Sequence[str], extras: Iterable[str]) -> str:
    lines = [
        "Metadata-Version: 2.2",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {requirement}" for requirement in requires),
    ]
    return "\n".join(lines) + "\n"
