"""Making a model live, and going back to an earlier one: one change of rows, before and after which one is live."""

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
    """Let a model that has passed the gate go live; the one that was live retires.

    With a ``force_reason``, which is stored, it goes live whatever the gate says.

    Raises:
        PromotionRefusedError: the gate has not let it pass, another model has gone live since, its training failed, or
            the stored model cannot be read; the live model stays.
        ModelVersion.DoesNotExist: there is no such model.

    """
    with transaction.atomic():
        live, candidate = _locked(model_version_id)
        if not force_reason:
            _passed_check(candidate, live)
        _readable_check(candidate)
        if force_reason:
            candidate.gate_report = {**candidate.gate_report, "forced": force_reason}
        _switch(live, candidate)
    return candidate


def model_roll_back(*, model_version_id: int | None = None) -> ModelVersion:
    """Let an earlier model take the place of the live one, at once and without asking the gate.

    Without an id it is the one that was live before, passing over those that were rolled back themselves.

    Raises:
        NothingToRollBackToError: no other model has ever been live, or none of them can be read.
        PromotionRefusedError: the model asked for was never live, is live, or cannot be read.
        ModelVersion.DoesNotExist: there is no such model.

    """
    with transaction.atomic():
        live, earlier = _locked(_earlier_usable() if model_version_id is None else model_version_id)
        if earlier.state != State.RETIRED:
            message = f"{earlier} is {earlier.state}: only a model that was live before can be gone back to."
            raise PromotionRefusedError(message)
        _readable_check(earlier)
        if live is not None:
            live.rolled_back_at = timezone.now()
        _switch(live, earlier)
    return earlier


def roll_back_choices() -> list[ModelVersion]:
    """Return the models that were live and have not been rolled back, the latest first."""
    retired = ModelVersion.objects.filter(state=State.RETIRED, promoted_at__isnull=False, rolled_back_at__isnull=True)
    return list(retired.order_by("-promoted_at", "-pk"))


def _locked(model_version_id: int) -> tuple[ModelVersion | None, ModelVersion]:
    """Return the live model and the one asked for, both locked in the order of their ids."""
    versions = ModelVersion.objects.select_for_update()
    rows = {
        row.pk: row for row in (versions.filter(state=State.LIVE) | versions.filter(pk=model_version_id)).order_by("pk")
    }
    if model_version_id not in rows:
        raise ModelVersion.DoesNotExist
    live = next((row for row in rows.values() if row.state == State.LIVE), None)
    return live, rows[model_version_id]


def _passed_check(candidate: ModelVersion, live: ModelVersion | None) -> None:
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


def _readable_check(version: ModelVersion) -> None:
    if version.state == State.FAILED:
        raise PromotionRefusedError(f"The training of {version} failed, so there is no model: {version.error}")
    try:
        # Reads what would be served: hashes, shapes and finiteness are checked on the way.
        load_model(Path(settings.MODELS_DIR) / version.folder)
    except RecommenderError as error:
        message = f"{version} stays a {version.state}: {error}"
        raise PromotionRefusedError(message) from error


def _earlier_usable() -> int:
    for version in roll_back_choices():
        try:
            _readable_check(version)
        except PromotionRefusedError:
            continue
        return version.pk
    raise NothingToRollBackToError("No earlier model can be gone back to: none has been live, or none can be read.")


def _switch(live: ModelVersion | None, successor: ModelVersion) -> None:
    if live is not None and live.pk != successor.pk:
        live.state = State.RETIRED
        live.save(update_fields=["state", "rolled_back_at"])
    successor.state = State.LIVE
    successor.promoted_at = timezone.now()
    successor.rolled_back_at = None
    successor.save(update_fields=["state", "promoted_at", "rolled_back_at", "gate_report"])
