"""Trained models: how they were made and measured, what the gate said, and which one is live."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from kombu.exceptions import OperationalError as QueueError

from movies.admin.read_only import ReadOnlyAdmin
from movies.models import ModelVersion
from pipeline.admin.learning_curve import learning_curve_svg
from pipeline.errors import PipelineError
from pipeline.services.promotion import model_promote, model_roll_back
from pipeline.tasks import create_movie_suggestions

_METRICS = {
    "gate_rmse": "RMSE of later ratings, stars",
    "gate_mae": "MAE of later ratings, stars",
    "gate_ndcg@10": "NDCG@10 of lists against later likes",
    "gate_n_train": "ratings learnt from, for these",
    "gate_n_test": "ratings asked about, for these",
    "rmse": "RMSE of ratings held out at random, stars",
    "mae": "MAE of ratings held out at random, stars",
    "rmse_of_mean": "RMSE of always predicting the mean, stars",
    "n_train": "ratings learnt from, for these",
    "n_test": "ratings held out, for these",
}


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin[ModelVersion]):
    """Shows models; an action promotes one or goes back to one, after asking."""

    list_display = ("__str__", "state", "stars", "order", "gate", "n_ratings", "trained_until", "promoted_at")
    list_filter = ("state", "algorithm")
    ordering = ("-pk",)
    actions = ("promote", "roll_back")
    fieldsets = (
        (None, {"fields": ("algorithm", "state", "error", "created_at", "promoted_at", "rolled_back_at")}),
        ("Measured", {"fields": ("metrics_table", "curve")}),
        ("Gate", {"fields": ("gate_table",)}),
        (
            "Lineage",
            {
                "fields": (
                    "config_table",
                    "snapshot_checksum",
                    "trained_until",
                    "n_ratings",
                    "n_users",
                    "n_movies",
                    "libraries_table",
                    "code",
                    "folder",
                )
            },
        ),
    )
    readonly_fields = ("metrics_table", "curve", "gate_table", "config_table", "libraries_table")

    @admin.display(description="RMSE")
    def stars(self, version: ModelVersion) -> str:
        """Return the error of its stars on later ratings."""
        return _figure(version.metrics.get("gate_rmse"))

    @admin.display(description="NDCG@10")
    def order(self, version: ModelVersion) -> str:
        """Return how good its lists are."""
        return _figure(version.metrics.get("gate_ndcg@10"))

    @admin.display(description="gate", boolean=True)
    def gate(self, version: ModelVersion) -> bool | None:
        """Return whether it passed, None where it was not judged."""
        passed: bool | None = version.gate_report.get("passed")
        return passed

    @admin.display(description="figures")
    def metrics_table(self, version: ModelVersion) -> SafeString | str:
        """Return the figures with what they mean."""
        return _table(
            (label, _figure(version.metrics[name])) for name, label in _METRICS.items() if name in version.metrics
        )

    @admin.display(description="learning curve")
    def curve(self, version: ModelVersion) -> SafeString | str:
        """Return the error by passes over the ratings."""
        return learning_curve_svg(version.learning_curve)

    @admin.display(description="report")
    def gate_table(self, version: ModelVersion) -> SafeString | str:
        """Return every comparison in words."""
        return gate_report_html(version.gate_report)

    @admin.display(description="hyper-parameters and seed")
    def config_table(self, version: ModelVersion) -> SafeString | str:
        """Return them by name."""
        return _table(version.config.items())

    @admin.display(description="library versions")
    def libraries_table(self, version: ModelVersion) -> SafeString | str:
        """Return them by name."""
        return _table(version.libraries.items())

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Let those decide which model is live who may change models."""
        return request.user.has_perm("movies.change_modelversion")

    @admin.action(description="Promote: let it go live", permissions=["release"])
    def promote(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> HttpResponse | None:
        """Ask, and then promote."""

        def change(version: ModelVersion) -> ModelVersion:
            reason = request.POST.get("reason", "").strip()
            return model_promote(model_version_id=version.pk, force_reason=reason)

        return self._confirmed(request, chosen, "promote", change)

    @admin.action(description="Roll back: let it be live again", permissions=["release"])
    def roll_back(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> HttpResponse | None:
        """Ask, and then go back."""
        return self._confirmed(
            request, chosen, "roll_back", lambda version: model_roll_back(model_version_id=version.pk)
        )

    def _confirmed(
        self,
        request: HttpRequest,
        chosen: QuerySet[ModelVersion],
        action: str,
        change: Callable[[ModelVersion], ModelVersion],
    ) -> HttpResponse | None:
        versions = list(chosen[:2])
        if len(versions) != 1:
            self.message_user(request, "Choose exactly one model: one alone can be live.", messages.ERROR)
            return None
        if request.POST.get("confirmed") != "yes":
            return self._question(request, versions[0], action)
        try:
            version = change(versions[0])
        except PipelineError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        self.message_user(request, f"{version} is live.", messages.SUCCESS)
        transaction.on_commit(lambda: self._lists_follow(request))
        return None

    def _question(self, request: HttpRequest, version: ModelVersion, action: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Let this model go live?" if action == "promote" else "Go back to this model?",
            "opts": self.opts,
            "version": version,
            "live": ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first(),
            "action": action,
            "report": gate_report_html(version.gate_report),
        }
        return TemplateResponse(request, "admin/movies/modelversion/confirm.html", context)

    def _lists_follow(self, request: HttpRequest) -> None:
        try:
            create_movie_suggestions.delay()
        except QueueError as error:
            self.message_user(
                request, f"Suggestions are as they were, for the queue is away ({error}).", messages.WARNING
            )
            return
        self.message_user(request, "A worker writes everybody's suggestions from it now.", messages.INFO)


def gate_report_html(report: Mapping[str, Any]) -> SafeString | str:
    """Return what the gate compared, as a list, and what came of it."""
    forced = f" Forced: {report['forced']}." if report.get("forced") else ""
    # One that was forced before the gate judged it has the reason alone.
    if "passed" not in report:
        return f"It has not been judged.{forced}"
    rows: Sequence[tuple[str, str]] = [
        ("passed" if comparison["passed"] else "failed", comparison["told"]) for comparison in report["comparisons"]
    ]
    return format_html(
        "<p><strong>{}</strong> {}{}</p>{}"
        "<p>Learnt from {} ratings until {}; {} people were asked about {} later ones.</p>",
        "Passed." if report["passed"] else "Refused.",
        report["summary"],
        forced,
        _table(rows),
        report["n_learnt"],
        report["moment"] or "a point in a random order",
        report["n_people"],
        report["n_asked"],
    )


def _table(rows: Any) -> SafeString:
    return format_html(
        "<table><tbody>{}</tbody></table>",
        format_html_join("", '<tr><th scope="row">{}</th><td>{}</td></tr>', rows),
    )


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() and value > 1 else f"{value:.4f}"
