"""Read-only admin of exports, with downloads, and of pipeline runs and shared refreshes."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from movies.admin.read_only import ReadOnlyAdmin
from pipeline.models import Export, PipelineRun, SuggestionRefresh


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin[Export]):
    """Exports and their files."""

    list_display = ["id", "kind", "rows", "size", "created_at", "files"]
    list_filter = ["kind"]
    date_hierarchy = "created_at"
    ordering = ["-id"]
    readonly_fields = ["files"]

    @admin.display(description="size", ordering="bytes")
    def size(self, export: Export) -> str:
        """Return the total size of the files."""
        return filesizeformat(export.bytes)

    @admin.display(description="files")
    def files(self, export: Export) -> SafeString:
        """Return a link to each file."""
        links = (
            (reverse("admin:pipeline_export_download", args=[export.pk, file_format.value]), file_format.label)
            for file_format in Export.Format
        )
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def get_urls(self) -> list[URLPattern]:
        """Add the URL of the downloads."""
        download = path(
            "<int:export_id>/download/<str:file_format>/",
            self.admin_site.admin_view(self.download),
            name="pipeline_export_download",
        )
        return [download, *super().get_urls()]

    def download(self, request: HttpRequest, export_id: int, file_format: str) -> FileResponse:
        """Send a file to staff with permission to view exports; 404 if it was removed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        export = Export.objects.filter(pk=export_id).first()
        if export is None or file_format not in Export.Format.values:
            raise Http404
        file_path = export.path(Export.Format(file_format))
        try:
            file = file_path.open("rb")
        except OSError as error:
            message = f"The file of export {export_id} no longer exists."
            raise Http404(message) from error
        return FileResponse(file, as_attachment=True, filename=f"{file_path.stem}-{export_id}{file_path.suffix}")


@admin.register(PipelineRun)
class PipelineRunAdmin(ReadOnlyAdmin[PipelineRun]):
    """Pipeline runs, newest first."""

    list_display = ["id", "state", "stage", "started_at", "finished_at", "notes", "error"]
    list_filter = ["state"]
    date_hierarchy = "started_at"
    ordering = ["-id"]


@admin.register(SuggestionRefresh)
class SuggestionRefreshAdmin(ReadOnlyAdmin[SuggestionRefresh]):
    """Shared refreshes of the suggestion lists, newest first."""

    list_display = ["id", "state", "progress", "new_lists", "kept_lists", "began_at", "finished_at", "workers", "error"]
    list_filter = ["state"]
    exclude = ["candidates"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SuggestionRefresh]:
        """Count the blocks that are done."""
        done = Count("blocks", filter=Q(blocks__finished_at__isnull=False))
        return super().get_queryset(request).annotate(n_done=done)

    @admin.display(description="new lists", ordering="n_users")
    def new_lists(self, refresh: SuggestionRefresh) -> str:
        """Return how many get new lists."""
        return f"{refresh.n_users:,}"

    @admin.display(description="kept lists", ordering="n_reused")
    def kept_lists(self, refresh: SuggestionRefresh) -> str:
        """Return how many keep theirs."""
        return f"{refresh.n_reused:,}"

    @admin.display(description="blocks")
    def progress(self, refresh: SuggestionRefresh) -> str:
        """Return how many blocks are done, of how many; the plan of an ended refresh no longer exists."""
        if refresh.state != SuggestionRefresh.State.RUNNING:
            return f"{refresh.n_blocks:,}"
        return f"{getattr(refresh, 'n_done', 0):,} of {refresh.n_blocks:,}"
