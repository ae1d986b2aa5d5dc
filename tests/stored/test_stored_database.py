"""A database of the first stored version, with its models and exports, is served, migrated and worked with."""

import re
from html import unescape

import pytest
from celery import current_app
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from tests.stored.databases import tables

from accounts.models import User
from movies.models import ExternalMovie, ModelVersion, Movie, Rating, SimilarMovies, SuggestionList
from pipeline.models import Export, PipelineRun, SuggestionRefresh
from pipeline.services.model_release import model_version_get
from pipeline.services.promotion import roll_back_choices


def logged_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def page(client: Client, name: str, *args: object) -> str:
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200
    return unescape(response.content.decode())


def states() -> dict[int, str]:
    return dict(ModelVersion.objects.values_list("pk", "state"))


def test_it_migrates_to_the_tables_of_today(tables_of_today: set[object], stored: None) -> None:
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert tables() == tables_of_today
    assert (User.objects.count(), Movie.objects.count(), Rating.objects.count()) == (73, 24, 1024)


def test_the_home_page_shows_the_stored_suggestions(stored: None) -> None:
    suggested = SuggestionList.objects.get(user__username="ada")
    titles = [Movie.objects.get(pk=movie_id).title for movie_id in suggested.movie_ids]
    assert len(titles) == 5

    shown = page(logged_in("ada"), "home")

    assert list(dict.fromkeys(re.findall(r"Film, no\. \d+", shown))) == titles
    assert f"{suggested.scores[0]:.1f}" in shown


def test_the_page_of_a_film_shows_its_stored_trailer_and_similar_films(stored: None) -> None:
    movie = ExternalMovie.objects.get(source="ml-100k", external_id=7).movie
    nearest = Movie.objects.get(pk=SimilarMovies.objects.get(movie=movie).movie_ids[0])

    shown = page(logged_in("ada"), "movie", movie.pk)

    assert movie.trailers.get().youtube_id in shown
    assert nearest.title in shown


def test_the_admin_shows_stored_models_and_gate_reports(stored: None) -> None:
    keeper = logged_in("keeper")
    assert sorted(states().values()) == ["candidate", "failed", "live", "retired"]

    for version in ModelVersion.objects.all():
        shown = page(keeper, "admin:movies_modelversion_change", version.pk)
        for comparison in version.gate_report.get("comparisons", []):
            assert comparison["told"] in shown
        assert version.gate_report.get("forced", "") in shown
        assert version.error in shown
    assert "svd #2" in page(keeper, "admin:movies_modelversion_changelist")


def test_the_admin_shows_stored_exports_runs_and_refreshes(stored: None) -> None:
    keeper = logged_in("keeper")

    for model in (Export, PipelineRun, SuggestionRefresh):
        for row in model.objects.all():
            page(keeper, f"admin:pipeline_{model.__name__.lower()}_change", row.pk)
        page(keeper, f"admin:pipeline_{model.__name__.lower()}_changelist")
    assert {export.kind for export in Export.objects.all() if export.path(Export.Format.CSV).is_file()} == {
        "ratings",
        "movies",
    }


def test_the_stored_plan_names_tasks_that_exist(stored: None) -> None:
    current_app.loader.import_default_modules()

    planned = set(PeriodicTask.objects.values_list("task", flat=True))

    assert len(planned) >= 4
    assert planned <= set(current_app.tasks)


def test_the_stored_candidate_is_refused_as_the_gate_left_it(stored: None) -> None:
    candidate = model_version_get("")
    assert candidate.state == "candidate"

    with pytest.raises(CommandError, match=r"of the live svd #2: worse"):
        call_command("promotemodel", str(candidate.pk))
    call_command("promotemodel", candidate.folder, "--force", "to see that it can be read")

    assert states()[candidate.pk] == "live"


def test_the_model_before_is_gone_back_to_and_writes_the_lists(stored: None) -> None:
    (before,) = roll_back_choices()
    assert before.state == "retired"

    call_command("rollbackmodel")

    assert states()[before.pk] == "live"
    assert set(SuggestionList.objects.values_list("model_version_id", flat=True)) == {before.pk}


def test_a_rating_counts_at_once_by_the_stored_model(stored: None) -> None:
    ada = User.objects.get(username="ada")
    best, *others = SuggestionList.objects.get(user=ada).movie_ids

    logged_in("ada").post(reverse("movie_rate", args=[best]), {"value": "0.5"})

    again = SuggestionList.objects.get(user=ada)
    assert best not in again.movie_ids
    assert set(again.movie_ids) & set(others)


def test_the_stored_settings_of_the_live_model_are_trained_again_to_compare_with(stored: None) -> None:
    with pytest.raises(CommandError, match=r"of the live svd #2: worse"):
        call_command("trainmodel", "bias")

    assert states()[2] == "live"
