"""Errors of the pipeline; each message says what happened and what to do."""


class PipelineError(Exception):
    """Base of everything that this app raises on purpose."""


class StageBusyError(PipelineError):
    """The same stage is running in another process."""


class RunOverError(PipelineError):
    """A stage of a pipeline run that has failed or was taken over."""


class RefreshOverError(PipelineError):
    """A shared refresh that has ended, or whose plan is gone, while somebody was still at it."""


class NothingToExportError(PipelineError):
    """The table to export is empty."""


class ExportStorageError(PipelineError):
    """An export could not be written: no space, no permission, no folder."""


class SnapshotError(PipelineError):
    """There is no whole export to read, or it was altered since it was written."""


class TrainingError(PipelineError):
    """A model could not be trained from the snapshot, or not be stored."""


class PromotionRefusedError(PipelineError):
    """A candidate did not pass the gate; the live model stays."""


class NothingToRollBackToError(PipelineError):
    """There is no earlier model to go back to."""


class NoSuchModelError(PipelineError):
    """No stored model is of that number or folder."""


class NoLiveModelError(PipelineError):
    """No model is live, or the live one cannot be read."""
