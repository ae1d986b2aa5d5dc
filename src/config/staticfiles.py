"""Storage of static files: hashed names after `collectstatic`, plain names before it."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedOnceCollected(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # WhiteNoise is untyped.
    """WhiteNoise's storage, usable before `collectstatic`, so that tests and first starts need no build step."""

    def stored_name(self, name: str) -> str:
        """Return the hashed name of ``name``, or ``name`` itself if it has not been collected."""
        collected = self.hash_key(self.clean_name(name)) in self.hashed_files
        return str(super().stored_name(name)) if collected else name
