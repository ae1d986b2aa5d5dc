"""The admin of model versions: metrics, gate report, origin, and actions to promote or roll back."""

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
    "gate_n_train": "ratings trained on, for these",
    "gate_n_test": "test ratings, for these",
    "rmse": "RMSE of ratings held out at random, stars",
    "mae": "MAE of ratings held out at random, stars",
    "rmse_of_mean": "RMSE of always predicting the mean, stars",
    "n_train": "ratings trained on, for these",
    "n_test": "ratings held out, for these",
}


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin[ModelVersion]):
    """Shows model versions. Actions promote one or roll back to one, after a confirmation."""

    list_display = ("__str__", "state", "stars", "order", "gate", "n_ratings", "trained_until", "promoted_at")
    list_filter = ("state", "algorithm")
    ordering = ("-pk",)
    actions = ("promote", "roll_back")
    fieldsets = (
        (None, {"fields": ("algorithm", "state", "error", "created_at", "promoted_at", "rolled_back_at")}),
        ("Metrics", {"fields": ("metrics_table", "curve")}),
        ("Gate", {"fields": ("gate_table",)}),
        (
            "Origin",
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
        """Return the RMSE of the predicted stars of later ratings."""
        return _figure(version.metrics.get("gate_rmse"))

    @admin.display(description="NDCG@10")
    def order(self, version: ModelVersion) -> str:
        """Return the NDCG of the lists."""
        return _figure(version.metrics.get("gate_ndcg@10"))

    @admin.display(description="gate", boolean=True)
    def gate(self, version: ModelVersion) -> bool | None:
        """Return whether the model passed, or None if it was not judged."""
        passed: bool | None = version.gate_report.get("passed")
        return passed

    @admin.display(description="metrics")
    def metrics_table(self, version: ModelVersion) -> SafeString | str:
        """Return the metrics with their meaning."""
        return _table(
            (label, _figure(version.metrics[name])) for name, label in _METRICS.items() if name in version.metrics
        )

    @admin.display(description="learning curve")
    def curve(self, version: ModelVersion) -> SafeString | str:
        """Return the plot of RMSE by epoch."""
        return learning_curve_svg(version.learning_curve)

    @admin.display(description="report")
    def gate_table(self, version: ModelVersion) -> SafeString | str:
        """Return the report of the gate."""
        return gate_report_html(version.gate_report)

    @admin.display(description="hyper-parameters and seed")
    def config_table(self, version: ModelVersion) -> SafeString | str:
        """Return the configuration as a table."""
        return _table(version.config.items())

    @admin.display(description="library versions")
    def libraries_table(self, version: ModelVersion) -> SafeString | str:
        """Return the library versions as a table."""
        return _table(version.libraries.items())

    def has_release_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change model versions."""
        return request.user.has_perm("movies.change_modelversion")

    @admin.action(description="Promote: make it live", permissions=["release"])
    def promote(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> HttpResponse | None:
        """Promote a model after a confirmation."""

        def change(version: ModelVersion) -> ModelVersion:
            reason = request.POST.get("reason", "").strip()
            return model_promote(model_version_id=version.pk, force_reason=reason)

        return self._confirm_and_change(request, chosen, "promote", change)

    @admin.action(description="Roll back: make it live again", permissions=["release"])
    def roll_back(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> HttpResponse | None:
        """Roll back to a model after a confirmation."""
        return self._confirm_and_change(
            request, chosen, "roll_back", lambda version: model_roll_back(model_version_id=version.pk)
        )

    def _confirm_and_change(
        self,
        request: HttpRequest,
        chosen: QuerySet[ModelVersion],
        action: str,
        change: Callable[[ModelVersion], ModelVersion],
    ) -> HttpResponse | None:
        versions = list(chosen[:2])
        if len(versions) != 1:
            self.message_user(request, "Choose exactly one model, because only one can be live.", messages.ERROR)
            return None
        if request.POST.get("confirmed") != "yes":
            return self._ask(request, versions[0], action)
        try:
            version = change(versions[0])
        except PipelineError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        self.message_user(request, f"{version} is live.", messages.SUCCESS)
        transaction.on_commit(lambda: self._refresh_lists(request))
        return None

    def _ask(self, request: HttpRequest, version: ModelVersion, action: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Promote this model?" if action == "promote" else "Roll back to this model?",
            "opts": self.opts,
            "version": version,
            "live": ModelVersion.objects.filter(state=ModelVersion.State.LIVE).first(),
            "action": action,
            "report": gate_report_html(version.gate_report),
        }
        return TemplateResponse(request, "admin/movies/modelversion/confirm.html", context)

    def _refresh_lists(self, request: HttpRequest) -> None:
        try:
            create_movie_suggestions.delay()
        except QueueError as error:
            self.message_user(
                request, f"The suggestion lists are unchanged, because the queue failed ({error}).", messages.WARNING
            )
            return
        self.message_user(request, "A worker is rewriting all suggestion lists.", messages.INFO)


def gate_report_html(report: Mapping[str, Any]) -> SafeString | str:
    """Return the decision and the comparisons of the gate as HTML."""
    forced = f" Forced: {report['forced']}." if report.get("forced") else ""
    # A model that was forced before the gate judged it has only the reason.
    if "passed" not in report:
        return f"Not judged.{forced}"
    rows: Sequence[tuple[str, str]] = [
        ("passed" if comparison["passed"] else "failed", comparison["told"]) for comparison in report["comparisons"]
    ]
    return format_html(
        "<p><strong>{}</strong> {}{}</p>{}"
        "<p>Trained on {} ratings before {}, and tested on {} later ratings of {} users.</p>",
        "Passed." if report["passed"] else "Refused.",
        report["summary"],
        forced,
        _table(rows),
        report["n_learnt"],
        report["moment"] or "a point in a random order",
        report["n_asked"],
        report["n_people"],
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
