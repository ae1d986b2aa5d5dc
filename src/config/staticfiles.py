"""Static files: hashed names once `collectstatic` has run, plain names straight from the source before that."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedOnceCollected(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # WhiteNoise is untyped.
    """WhiteNoise's storage, usable before anything was collected: tests and first starts need no build step."""

    def stored_name(self, name: str) -> str:
        """Return the hashed name of ``name``, or ``name`` itself while nothing of that name was collected."""
        collected = self.hash_key(self.clean_name(name)) in self.hashed_files
        return str(super().stored_name(name)) if collected else name
