"""Making a model live, and rolling back to an earlier one, each in one transaction."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from movies.models import ModelVersion
from pipeline.errors import NothingToRollBackToError, PromotionRefusedError
from recommender.algorithms import load_model
from recommender.errors import RecommenderError

State = ModelVersion.State


def model_promote(*, model_version_id: int, force_reason: str = "") -> ModelVersion:
    """Make a candidate that has passed the gate live, and retire the live model.

    With a ``force_reason``, which is stored, the candidate goes live whatever the gate says.

    Raises:
        PromotionRefusedError: the candidate has not passed the gate, another model has gone live since, its training
            failed, or the stored model cannot be read. The live model stays.
        ModelVersion.DoesNotExist: there is no such model.

    """
    with transaction.atomic():
        live, candidate = _versions_lock(model_version_id)
        if not force_reason:
            _gate_check(candidate, live)
        _artifact_check(candidate)
        if force_reason:
            candidate.gate_report = {**candidate.gate_report, "forced": force_reason}
        _switch(live, candidate)
    return candidate


def model_roll_back(*, model_version_id: int | None = None) -> ModelVersion:
    """Make an earlier model live again, without the gate.

    Without an id, it is the last one that was live before and has not been rolled back itself.

    Raises:
        NothingToRollBackToError: no other model has ever been live, or none of them can be read.
        PromotionRefusedError: the model asked for was never live, is live, or cannot be read.
        ModelVersion.DoesNotExist: there is no such model.

    """
    with transaction.atomic():
        live, earlier = _versions_lock(_earlier_find() if model_version_id is None else model_version_id)
        if earlier.state != State.RETIRED:
            message = f"{earlier} is {earlier.state}: you can only roll back to a model that was live before."
            raise PromotionRefusedError(message)
        _artifact_check(earlier)
        if live is not None:
            live.rolled_back_at = timezone.now()
        _switch(live, earlier)
    return earlier


def roll_back_choices() -> list[ModelVersion]:
    """Return the models that were live and have not been rolled back, latest first."""
    retired = ModelVersion.objects.filter(state=State.RETIRED, promoted_at__isnull=False, rolled_back_at__isnull=True)
    return list(retired.order_by("-promoted_at", "-pk"))


def _versions_lock(model_version_id: int) -> tuple[ModelVersion | None, ModelVersion]:
    """Lock and return the live model and the requested one, in the order of their ids to avoid a deadlock."""
    versions = ModelVersion.objects.select_for_update()
    rows = {
        row.pk: row for row in (versions.filter(state=State.LIVE) | versions.filter(pk=model_version_id)).order_by("pk")
    }
    if model_version_id not in rows:
        raise ModelVersion.DoesNotExist
    live = next((row for row in rows.values() if row.state == State.LIVE), None)
    return live, rows[model_version_id]


def _gate_check(candidate: ModelVersion, live: ModelVersion | None) -> None:
    if candidate.state != State.CANDIDATE:
        message = f"{candidate} is {candidate.state}, and only a candidate can be promoted; see rollbackmodel."
        raise PromotionRefusedError(message)
    report = candidate.gate_report
    if not report:
        raise PromotionRefusedError(f"{candidate} stays a candidate: the gate has not judged it yet.")
    if not report["passed"]:
        raise PromotionRefusedError(f"{candidate} stays a candidate: {report['summary']}")
    if report["live"] != (None if live is None else live.pk):
        message = f"{candidate} stays a candidate: another model has gone live since it was judged; judge it again."
        raise PromotionRefusedError(message)


def _artifact_check(version: ModelVersion) -> None:
    if version.state == State.FAILED:
        raise PromotionRefusedError(f"The training of {version} failed, so there is no model: {version.error}")
    try:
        # Loading checks hashes, shapes and finiteness.
        load_model(Path(settings.MODELS_DIR) / version.folder)
    except RecommenderError as error:
        message = f"{version} stays a {version.state}: {error}"
        raise PromotionRefusedError(message) from error


def _earlier_find() -> int:
    """Return the id of the latest model to roll back to whose artifact can be read."""
    for version in roll_back_choices():
        try:
            _artifact_check(version)
        except PromotionRefusedError:
            continue
        return version.pk
    raise NothingToRollBackToError("There is no model to roll back to: none has been live before, or none can be read.")


def _switch(live: ModelVersion | None, successor: ModelVersion) -> None:
    if live is not None and live.pk != successor.pk:
        live.state = State.RETIRED
        live.save(update_fields=["state", "rolled_back_at"])
    successor.state = State.LIVE
    successor.promoted_at = timezone.now()
    successor.rolled_back_at = None
    successor.save(update_fields=["state", "promoted_at", "rolled_back_at", "gate_report"])
