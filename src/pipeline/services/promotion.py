"""Deciding whether a trained model may serve people, and making it live."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from movies.models import ModelVersion
from pipeline.errors import PromotionRefusedError
from recommender.errors import RecommenderError
from recommender.factors.model import FactorModel

# Fewer unseen ratings than these say nothing about a model.
JUDGED_FROM = 50
# How much worse than the mean a model may measure: with a thousand ratings, sound training ends up half a percent on
# either side of it by chance, while a model of pure noise is three percent worse.
TOLERANCE = 1.02


def model_promote(*, model_version_id: int) -> ModelVersion:
    """Let a candidate pass the gate and go live; the model that was live retires.

    Raises:
        PromotionRefusedError: the stored model cannot be read, or predicts unseen ratings worse than their mean does.

    """
    with transaction.atomic():
        candidate = ModelVersion.objects.select_for_update().get(pk=model_version_id)
        _gate_pass(candidate)
        ModelVersion.objects.filter(state=ModelVersion.State.LIVE).exclude(pk=candidate.pk).update(
            state=ModelVersion.State.RETIRED
        )
        candidate.state = ModelVersion.State.LIVE
        candidate.promoted_at = timezone.now()
        candidate.save(update_fields=["state", "promoted_at"])
    return candidate


def _gate_pass(candidate: ModelVersion) -> None:
    try:
        # Reads what would be served: hashes, shapes and finiteness are checked on the way.
        FactorModel.load(Path(settings.MODELS_DIR) / candidate.folder)
    except RecommenderError as error:
        message = f"Model #{candidate.pk} stays a candidate: {error}"
        raise PromotionRefusedError(message) from error
    metrics = candidate.metrics
    if metrics["n_test"] < JUDGED_FROM or metrics["rmse"] <= TOLERANCE * metrics["rmse_of_mean"]:
        return
    message = (
        f"Model #{candidate.pk} stays a candidate: on {metrics['n_test']:,} ratings that it had not seen its RMSE is "
        f"{metrics['rmse']:.4f}, worse than the {metrics['rmse_of_mean']:.4f} of always predicting the mean. "
        "The ratings may hold too little to learn from: add some, or train with other --epochs and --factors."
    )
    raise PromotionRefusedError(message)
