"""Trained models, of which at most one is live."""

from django.db import models
from django.db.models import Q


class ModelVersion(models.Model):
    """A trained model, stored in the folder ``folder`` under ``MODELS_DIR``."""

    class State(models.TextChoices):
        """A candidate may go live, a retired version was live, and a failed one has no artefact."""

        CANDIDATE = "candidate", "candidate"
        LIVE = "live", "live"
        RETIRED = "retired", "retired"
        FAILED = "failed", "failed"

    algorithm = models.CharField(max_length=50)
    state = models.CharField(max_length=9, choices=State.choices, default=State.CANDIDATE)
    folder = models.CharField(max_length=200, unique=True)
    config = models.JSONField(default=dict, help_text="Hyper-parameters and seed.")
    metrics = models.JSONField(default=dict, help_text="Measured on ratings that the measured model had not seen.")
    learning_curve = models.JSONField(
        default=list, blank=True, help_text="Passes over the ratings, seconds of training, RMSE on unseen ratings."
    )
    gate_report = models.JSONField(default=dict, blank=True, help_text="What the gate compared, and what it decided.")
    libraries = models.JSONField(default=dict, blank=True, help_text="Versions that trained it.")
    code = models.CharField(max_length=64, blank=True, help_text="Checksum of the algorithms' source that trained it.")
    error = models.TextField(blank=True, help_text="Why the training failed.")
    snapshot_checksum = models.CharField(max_length=64, help_text="SHA-256 of the ratings that it was trained on.")
    n_users = models.PositiveIntegerField()
    n_movies = models.PositiveIntegerField()
    n_ratings = models.PositiveBigIntegerField()
    trained_until = models.DateTimeField(help_text="When its ratings were exported; later ones are unknown to it.")
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True, help_text="When it last went live.")
    rolled_back_at = models.DateTimeField(
        null=True, blank=True, help_text="When an earlier model took its place again; a roll-back never chooses it."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="movies_modelversion_state_known",
                condition=Q(state__in=["candidate", "live", "retired", "failed"]),
            ),
            models.UniqueConstraint(name="movies_modelversion_one_live", fields=["state"], condition=Q(state="live")),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} #{self.pk}"
