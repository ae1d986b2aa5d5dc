"""Errors of the pipeline. Each message says what happened and what to do."""


class PipelineError(Exception):
    """Base class of this app's errors."""


class StageBusyError(PipelineError):
    """The same stage is running in another process."""


class RunOverError(PipelineError):
    """The pipeline run of a stage has failed, or a later run has replaced it."""


class RefreshOverError(PipelineError):
    """A shared refresh has ended while this process was still working on it."""


class NothingToExportError(PipelineError):
    """The table to export is empty."""


class ExportStorageError(PipelineError):
    """An export could not be written, for lack of space, permission or a folder."""


class SnapshotError(PipelineError):
    """There is no complete export, or it has changed since it was written."""


class TrainingError(PipelineError):
    """A model could not be trained on the snapshot, or could not be stored."""


class PromotionRefusedError(PipelineError):
    """A candidate did not pass the gate; the live model stays."""


class NothingToRollBackToError(PipelineError):
    """There is no earlier model to roll back to."""


class NoSuchModelError(PipelineError):
    """No stored model has that number or folder."""


class NoLiveModelError(PipelineError):
    """No model is live, or the live one cannot be read."""
