"""What goes wrong with an embedded server, in words for the person who started it."""


class EmbeddedServiceError(RuntimeError):
    """An embedded server cannot be prepared, started or reached; the message says what to do."""
