"""Models in the administration: what is shown of them, and how one is promoted or gone back to."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from celery import current_app
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from tests.pipeline.worlds import World

from accounts.models import User
from movies.models import ModelVersion, SuggestionList
from pipeline.errors import PromotionRefusedError
from pipeline.services.training import model_train

pytestmark = pytest.mark.django_db

SETTINGS = {"n_factors": 5, "n_epochs": 20, "learning_rate": 0.02}
LIST = "admin:movies_modelversion_changelist"


@pytest.fixture(autouse=True)
def at_once(settings: Settings, folders: object) -> Iterator[None]:
    """Run tasks where they are sent, so that what a worker would do can be seen."""
    settings.STATIC_ROOT = folders
    current_app.conf.task_always_eager = True
    yield
    current_app.conf.task_always_eager = False


@pytest.fixture
def live(world: World) -> ModelVersion:
    call_command("exportdatasets")
    return model_train(algorithm="svd", hyper_parameters=SETTINGS).version


@pytest.fixture
def candidate(live: ModelVersion) -> ModelVersion:
    version = model_train(algorithm="svd", hyper_parameters={**SETTINGS, "n_epochs": 40}, promote=False).version
    version.gate_report = {**live.gate_report, "live": live.pk}
    version.save()
    return version


def act(client: Client, action: str, *versions: ModelVersion, **more: str) -> str:
    form = {"action": action, "_selected_action": [str(version.pk) for version in versions], **more}
    return client.post(reverse(LIST), form, follow=True).content.decode()


def states() -> dict[int, str]:
    return dict(ModelVersion.objects.values_list("pk", "state"))


def test_page_of_a_model_shows_figures_curve_gate_and_lineage(admin_client: Client, live: ModelVersion) -> None:
    page = admin_client.get(reverse("admin:movies_modelversion_change", args=[live.pk])).content.decode()

    for fact in (
        f"{live.metrics['gate_rmse']:.4f}",
        "RMSE of later ratings, stars",
        "order (NDCG@10)",
        live.snapshot_checksum,
        live.code,
        "learning_rate",
        "numpy",
        "Passed.",
    ):
        assert fact in page
    drawn = re.search(r'<polyline points="([^"]+)"', page)
    assert drawn is not None
    assert len(drawn[1].split()) == len(live.learning_curve)
    heights = [float(point.split(",")[1]) for point in drawn[1].split()]
    assert heights[0] < heights[-1]  # The error falls, and SVG counts from the top.


def test_page_of_a_failed_training_says_why(admin_client: Client, world: World) -> None:
    call_command("exportdatasets")
    with pytest.raises(Exception, match="lower learning_rate"):
        model_train(algorithm="svd", hyper_parameters={"learning_rate": 90.0, "n_epochs": 50})
    failed = ModelVersion.objects.get()

    page = admin_client.get(reverse("admin:movies_modelversion_change", args=[failed.pk])).content.decode()

    assert "lower learning_rate" in page
    assert "Not judged." in page
    assert "This algorithm records no learning curve." in page


def test_promotion_asks_for_confirmation_and_then_writes_all_lists(
    admin_client: Client,
    live: ModelVersion,
    candidate: ModelVersion,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    question = act(admin_client, "promote", candidate)
    assert "Promote this model?" in question
    assert str(live) in question
    assert states() == {live.pk: "live", candidate.pk: "candidate"}

    with django_capture_on_commit_callbacks(execute=True):
        page = act(admin_client, "promote", candidate, confirmed="yes")

    assert f">Svd #{candidate.pk} is live.<" in page
    assert states() == {live.pk: "retired", candidate.pk: "live"}
    assert set(SuggestionList.objects.values_list("model_version_id", flat=True)) == {candidate.pk}


def test_refused_candidate_stays_with_a_message_and_goes_with_a_reason(
    admin_client: Client, live: ModelVersion, candidate: ModelVersion
) -> None:
    candidate.gate_report = {**candidate.gate_report, "passed": False, "summary": "Its stars are worse."}
    candidate.save()

    assert "Its stars are worse." in act(admin_client, "promote", candidate, confirmed="yes")
    assert states() == {live.pk: "live", candidate.pk: "candidate"}
    act(admin_client, "promote", candidate, confirmed="yes", reason="it is nicer")

    assert states() == {live.pk: "retired", candidate.pk: "live"}
    page = admin_client.get(reverse("admin:movies_modelversion_change", args=[candidate.pk])).content.decode()
    assert "Forced: it is nicer." in page


def test_page_of_a_candidate_says_why_it_could_not_be_compared(admin_client: Client, live: ModelVersion) -> None:
    live.config = {**live.config, "momentum": 0.9}
    live.save()
    with pytest.raises(PromotionRefusedError):
        model_train(algorithm="svd", hyper_parameters=SETTINGS)
    candidate = ModelVersion.objects.latest("pk")

    page = unescape(admin_client.get(reverse("admin:movies_modelversion_change", args=[candidate.pk])).content.decode())

    assert f"<strong>Refused.</strong> The live svd #{live.pk} cannot be trained again" in page
    assert "svd has no setting 'momentum'" in page
    assert f"promotemodel {candidate.pk} --force REASON" in page


def test_candidate_that_is_forced_before_it_was_judged_is_shown_with_the_reason(
    admin_client: Client, live: ModelVersion
) -> None:
    unjudged = model_train(algorithm="svd", hyper_parameters=SETTINGS, promote=False).version
    act(admin_client, "promote", unjudged, confirmed="yes", reason="there is no time")

    page = admin_client.get(reverse("admin:movies_modelversion_change", args=[unjudged.pk])).content.decode()

    assert "Not judged. Forced: there is no time." in page


def test_roll_back_asks_for_confirmation(admin_client: Client, live: ModelVersion) -> None:
    second = model_train(algorithm="svd", hyper_parameters=SETTINGS).version

    assert "Roll back to this model?" in act(admin_client, "roll_back", live)
    assert states() == {live.pk: "retired", second.pk: "live"}
    act(admin_client, "roll_back", live, confirmed="yes")

    assert states() == {live.pk: "live", second.pk: "retired"}


def test_one_model_alone_can_be_chosen(admin_client: Client, live: ModelVersion, candidate: ModelVersion) -> None:
    page = act(admin_client, "promote", live, candidate, confirmed="yes")

    assert "Choose exactly one model" in page
    assert states() == {live.pk: "live", candidate.pk: "candidate"}


def test_staff_with_view_permission_see_no_actions(client: Client, live: ModelVersion, candidate: ModelVersion) -> None:
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_modelversion"))
    client.force_login(clerk)

    assert "Promote: let it go live" not in client.get(reverse(LIST)).content.decode()
    act(client, "promote", candidate, confirmed="yes")

    assert states() == {live.pk: "live", candidate.pk: "candidate"}
