"""What can go wrong in the library; every message states the offending value and what to do about it."""


class RecommenderError(Exception):
    """Base of every error that the library raises on purpose."""


class DataError(RecommenderError):
    """Ratings, ids or arrays that cannot be used as they are."""


class ConfigError(RecommenderError):
    """A hyper-parameter or an option outside its meaningful range."""


class ArtifactError(RecommenderError):
    """A stored model that is missing, incomplete, altered or of another format, or that could not be written."""


class DivergedError(RecommenderError):
    """Training that left the finite numbers; a smaller learning rate usually cures it."""


class SparkError(RecommenderError):
    """Training failed within Spark, or its factors are not those of the training."""


class DownloadError(RecommenderError):
    """A file could not be downloaded completely, or is not the expected one."""
