"""Exports, runs of the whole pipeline, and refreshes shared by several processes."""

from pathlib import Path
from typing import TypeAlias

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from movies.models import ModelVersion
from pipeline.stage_locks import Stage


class Export(models.Model):
    """A snapshot in files. The row is inserted after the files are complete."""

    class Kind(models.TextChoices):
        """What was exported."""

        RATINGS = "ratings", "ratings"
        MOVIES = "movies", "movies"

    class Format(models.TextChoices):
        """The two files of each export; they hold the same rows."""

        CSV = "csv", "CSV"
        PARQUET = "parquet", "Parquet"

    kind = models.CharField(max_length=7, choices=Kind.choices)
    folder = models.CharField(max_length=200, unique=True, help_text="Under EXPORTS_DIR.")
    rows = models.PositiveBigIntegerField()
    bytes = models.PositiveBigIntegerField(help_text="Of all files together.")
    sha256 = models.CharField(max_length=64, help_text="Checksum of the CSV file.")
    settled_at = models.DateTimeField(help_text="Every change before this moment is in the snapshot.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(name="pipeline_export_kind_known", condition=Q(kind__in=["ratings", "movies"])),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"

    def path(self, file_format: Format) -> Path:
        """Return the path of the file in this format."""
        return Path(settings.EXPORTS_DIR) / self.folder / f"{self.kind}.{file_format.value}"


class RunState(models.TextChoices):
    """The state of a run or refresh."""

    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "succeeded"
    FAILED = "failed", "failed"


def _state_constraints(name: str) -> list[models.BaseConstraint]:
    """Return constraints on ``state`` and ``finished_at``; at most one row may be running."""
    running = Q(state="running")
    return [
        models.CheckConstraint(name=f"{name}_state_known", condition=Q(state__in=["running", "succeeded", "failed"])),
        models.CheckConstraint(
            name=f"{name}_finished_unless_running",
            condition=Q(state="running", finished_at__isnull=True) | (~running & Q(finished_at__isnull=False)),
        ),
        models.UniqueConstraint(name=f"{name}_one_running", fields=["state"], condition=running),
    ]


class PipelineRun(models.Model):
    """A run of all stages, one after another, by Celery's workers."""

    State: TypeAlias = RunState

    state = models.CharField(max_length=9, choices=RunState.choices, default=RunState.RUNNING)
    stage = models.CharField(max_length=20, choices=Stage.choices, blank=True, help_text="The newest one begun.")
    error = models.TextField(blank=True)
    notes = models.TextField(blank=True, help_text="What the stages had to say, such as which models were trained.")
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, help_text="When a worker last began or ended a stage.")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = _state_constraints("pipeline_run")

    def __str__(self) -> str:
        return f"run #{self.pk}"


class SuggestionRefresh(models.Model):
    """A refresh of all suggestion lists that several processes share, and its settings."""

    State: TypeAlias = RunState

    state = models.CharField(max_length=9, choices=RunState.choices, default=RunState.RUNNING)
    # A refresh cannot be finished without its model.
    model_version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE)
    skipped = models.PositiveIntegerField(help_text="How many of the most-rated films are left out.")
    maximum = models.PositiveIntegerField(help_text="Films per user.")
    reuse_days = models.PositiveIntegerField()
    tile = models.PositiveIntegerField(help_text="How many films are scored at once.")
    candidates = models.BinaryField(help_text="A bit for each of the model's films: whether it may be suggested.")
    n_users = models.PositiveIntegerField(help_text="Who get new lists.")
    n_reused = models.PositiveIntegerField(help_text="Who keep theirs.")
    n_blocks = models.PositiveIntegerField()
    began_at = models.DateTimeField(help_text="Lists that others wrote after this moment are kept.")
    settled_at = models.DateTimeField(help_text="Every rating before this moment counts.")
    finished_at = models.DateTimeField(null=True, blank=True)
    workers = models.TextField(blank=True, help_text="How many blocks each process has done.")
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "suggestion refreshes"
        constraints = _state_constraints("pipeline_refresh")

    def __str__(self) -> str:
        return f"refresh #{self.pk}"


class SuggestionBlock(models.Model):
    """Some users of a running refresh. A process locks the row while it writes their lists."""

    # The blocks are the plan of the refresh, and are deleted with it.
    refresh = models.ForeignKey(SuggestionRefresh, on_delete=models.CASCADE, related_name="blocks")
    number = models.PositiveIntegerField()
    user_ids = ArrayField(models.IntegerField(), help_text="Who get new lists, ascending.")
    changed_ids = ArrayField(models.IntegerField(), help_text="Who of them are fitted anew.")
    reused_ids = ArrayField(models.IntegerField(), help_text="Whose present lists are brought over.")
    worker = models.CharField(max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Its index also serves the claim of the next block of a refresh, in order.
            models.UniqueConstraint(name="pipeline_block_unique", fields=["refresh", "number"]),
        ]

    def __str__(self) -> str:
        return f"block {self.number} of refresh #{self.refresh_id}"
