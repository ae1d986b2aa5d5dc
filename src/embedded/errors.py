"""The error of the embedded servers."""


class EmbeddedServiceError(RuntimeError):
    """An embedded server cannot be prepared, started or reached. The message says what to do."""
