"""Releasing a candidate later: the gate judges it on the latest ratings before it goes live."""

from pathlib import Path

from movies.models import ModelVersion
from pipeline.errors import NoSuchModelError, TrainingError
from pipeline.services.evaluation import TrainingData, algorithm_evaluate
from pipeline.services.model_gate import candidate_judge
from pipeline.services.promotion import model_promote
from pipeline.stage_locks import Stage, stage_lock
from recommender.errors import RecommenderError


def candidate_release(*, model_version_id: int, force_reason: str = "") -> ModelVersion:
    """Promote a candidate; the gate judges it first unless it has compared it with the present live model.

    Raises:
        PromotionRefusedError: it does not pass, is not a candidate, or cannot be read. The live model stays.
        SnapshotError: it must be judged, and there is no complete export of the ratings.
        TrainingError: it must be judged, and cannot be trained on the latest snapshot.
        StageBusyError: a training is running elsewhere.

    """
    with stage_lock(Stage.TRAIN):
        if not force_reason:
            _report_renew(ModelVersion.objects.get(pk=model_version_id))
        return model_promote(model_version_id=model_version_id, force_reason=force_reason)


def model_version_get(name: str) -> ModelVersion:
    """Return the model with this number or folder name; for an empty name, the newest candidate.

    Raises:
        NoSuchModelError: there is none.

    """
    versions = ModelVersion.objects.order_by("-pk")
    if not name:
        found = versions.filter(state=ModelVersion.State.CANDIDATE).first()
    elif name.isdecimal():
        found = versions.filter(pk=int(name)).first()
    else:
        found = versions.filter(folder=Path(name).name).first()
    if found is None:
        what = f"no model {name!r}: give its number or its folder" if name else "no candidate: train a model first"
        raise NoSuchModelError(f"There is {what}.")
    return found


def _report_renew(version: ModelVersion) -> None:
    """Judge a candidate on the latest snapshot unless its report is about the present live model."""
    live_id = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).values_list("pk", flat=True).first()
    report = version.gate_report
    # The cause of a refusal may have been removed since.
    is_current = report and report["live"] == live_id and not report.get("refusal")
    if version.state != ModelVersion.State.CANDIDATE or is_current:
        return
    data = TrainingData.latest(seed=int(version.config.get("seed", 0)))
    try:
        candidate_judge(version, data, algorithm_evaluate(version.algorithm, version.config, data))
    except RecommenderError as error:
        raise TrainingError(f"{version} cannot be judged: {error}") from error
