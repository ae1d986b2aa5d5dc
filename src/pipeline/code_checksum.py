"""Which code made a model."""

import hashlib
from functools import cache
from pathlib import Path

import recommender


@cache
def recommender_checksum() -> str:
    """Return the SHA-256 of the algorithms' source files: the same wherever they are installed, with or without git."""
    folder = Path(recommender.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
