"""Releasing a candidate that was kept back: the gate judges it as things are now, and it goes live."""

from pathlib import Path

from django.conf import settings

from movies.models import ModelVersion
from pipeline.errors import NoSuchModelError, TrainingError
from pipeline.models import Export
from pipeline.services.evaluation import algorithm_evaluate
from pipeline.services.model_gate import candidate_judge
from pipeline.services.promotion import model_promote
from pipeline.snapshot import snapshot_latest
from pipeline.stage_locks import Stage, stage_lock
from recommender.data.snapshot import read_snapshot
from recommender.errors import RecommenderError
from recommender.evaluation.temporal_holdout import make_temporal_holdout


def candidate_release(*, model_version_id: int, force_reason: str = "") -> ModelVersion:
    """Promote a candidate, after judging it on the latest snapshot unless it was compared with today's live model.

    Raises:
        PromotionRefusedError: it does not pass, is no candidate, or cannot be read; the live model stays.
        SnapshotError: it must be judged, and there is no whole export of the ratings.
        TrainingError: it cannot be judged, for its configuration cannot be trained on the latest snapshot.
        StageBusyError: a training is running elsewhere.

    """
    with stage_lock(Stage.TRAIN):
        if not force_reason:
            _judged(ModelVersion.objects.get(pk=model_version_id))
        return model_promote(model_version_id=model_version_id, force_reason=force_reason)


def model_version_get(name: str) -> ModelVersion:
    """Return the model of a number or a folder's name; the newest candidate for an empty name.

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


def _judged(version: ModelVersion) -> None:
    live_id = ModelVersion.objects.filter(state=ModelVersion.State.LIVE).values_list("pk", flat=True).first()
    report = version.gate_report
    # What kept the live model from being compared may be gone by now.
    holds = report and report["live"] == live_id and not report.get("refusal")
    if version.state != ModelVersion.State.CANDIDATE or holds:
        return
    snapshot = snapshot_latest(Path(settings.EXPORTS_DIR), Export.Kind.RATINGS)
    try:
        holdout = make_temporal_holdout(read_snapshot(snapshot.parquet), seed=int(version.config.get("seed", 0)))
        performance = algorithm_evaluate(version.algorithm, version.config, holdout)
        candidate_judge(version, performance, holdout, snapshot_checksum=snapshot.csv_sha256)
    except RecommenderError as error:
        raise TrainingError(f"{version} cannot be judged: {error}") from error
