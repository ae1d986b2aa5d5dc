from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from tests.pipeline.worlds import World

from accounts.models import User
from pipeline.models import Export, PipelineRun, SuggestionBlock
from pipeline.services.distributed_refresh import shared_refresh, shared_refresh_complete
from pipeline.services.exporting import ratings_export
from pipeline.services.refreshes import block_finish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def static_folder(settings: Settings, folders: Path) -> None:
    settings.STATIC_ROOT = folders


@pytest.fixture
def export(world: World) -> Export:
    return ratings_export()


def address(export: Export, file_format: str) -> str:
    return reverse("admin:pipeline_export_download", args=[export.pk, file_format])


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_staff_download_the_files_from_the_list(admin_client: Client, export: Export, file_format: str) -> None:
    page = admin_client.get(reverse("admin:pipeline_export_changelist")).content.decode()
    response = admin_client.get(address(export, file_format))

    assert f'href="{address(export, file_format)}"' in page
    assert b"".join(response) == export.path(Export.Format(file_format)).read_bytes()
    assert f'filename="ratings-{export.pk}.{file_format}"' in response["Content-Disposition"]


def test_others_get_no_files(client: Client, export: Export) -> None:
    anonymous = client.get(address(export, "csv"))
    client.force_login(User.objects.create_user("ada"))
    person = client.get(address(export, "csv"))
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    clerk = client.get(address(export, "csv"))

    assert (anonymous.status_code, person.status_code, clerk.status_code) == (302, 302, 403)


def test_file_that_is_gone_or_unknown_is_not_found(admin_client: Client, export: Export) -> None:
    export.path(Export.Format.CSV).unlink()

    assert admin_client.get(address(export, "csv")).status_code == 404
    assert admin_client.get(address(export, "exe")).status_code == 404
    assert admin_client.get(reverse("admin:pipeline_export_download", args=[10**9, "csv"])).status_code == 404


def test_exports_and_runs_are_shown_and_cannot_be_changed(admin_client: Client, export: Export, folders: Path) -> None:
    run = PipelineRun.objects.create()

    for name, number in (("export", export.pk), ("pipelinerun", run.pk)):
        assert admin_client.get(reverse(f"admin:pipeline_{name}_change", args=[number])).status_code == 200
        assert admin_client.get(reverse(f"admin:pipeline_{name}_changelist")).status_code == 200
        assert admin_client.get(reverse(f"admin:pipeline_{name}_add")).status_code == 403
        assert admin_client.post(reverse(f"admin:pipeline_{name}_delete", args=[number])).status_code == 403


def test_shared_refresh_shows_how_many_of_its_blocks_are_done(admin_client: Client, trained: World) -> None:
    with shared_refresh(block_users=20, reuse_days=0) as refresh:
        block = SuggestionBlock.objects.filter(refresh=refresh).first()
        assert block is not None
        block_finish(block)
        running = admin_client.get(reverse("admin:pipeline_suggestionrefresh_changelist")).content.decode()
        shared_refresh_complete(refresh)
    done = admin_client.get(reverse("admin:pipeline_suggestionrefresh_changelist")).content.decode()
    detail = admin_client.get(reverse("admin:pipeline_suggestionrefresh_change", args=[refresh.pk]))

    assert '<td class="field-progress">1 of 3</td>' in running
    assert '<td class="field-progress">3</td>' in done
    assert '<td class="field-new_lists">60</td>' in done
    assert detail.status_code == 200
