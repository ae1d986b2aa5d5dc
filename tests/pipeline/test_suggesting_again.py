"""Refreshes that leave lists alone, write few in place, or fail."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from tests.pipeline.suggestions import lists, rated
from tests.pipeline.worlds import World

from accounts.models import User
from movies.models import Movie, Rating, SuggestionList
from movies.services.deletion import users_delete
from movies.services.ratings import movie_rate, rating_remove, rating_set
from pipeline.services.suggesting import suggestion_lists_refresh
from pipeline.suggestion_table import lists_merge
from postgres.copy import Columns
from postgres.table_switch import next_table_switch

pytestmark = pytest.mark.django_db


def test_second_refresh_leaves_everyone_alone(trained: World) -> None:
    suggestion_lists_refresh()
    before = list(SuggestionList.objects.order_by("pk").values())

    report = suggestion_lists_refresh()

    assert (report.refreshed, report.reused) == (0, 60)
    assert list(SuggestionList.objects.order_by("pk").values()) == before


def test_only_users_whose_ratings_changed_are_refreshed(trained: World) -> None:
    suggestion_lists_refresh()
    changed = trained.user_ids[5]
    best = lists()[changed][0]
    rating_set(user_id=changed, movie_id=best, value=1.0)
    others = {pk: row for pk, row in SuggestionList.objects.in_bulk().items() if pk != changed}

    report = suggestion_lists_refresh()

    assert (report.refreshed, report.reused) == (1, 59)
    assert best not in lists()[changed]
    after = SuggestionList.objects.in_bulk()
    assert all(after[pk].created_at == row.created_at and after[pk].scores == row.scores for pk, row in others.items())


@pytest.mark.parametrize(("age", "reused"), [(6.9, 60), (7.1, 0)])
def test_list_older_than_the_limit_is_refreshed(trained: World, age: float, reused: int) -> None:
    suggestion_lists_refresh()
    User.objects.update(ratings_changed_at=None)
    SuggestionList.objects.update(created_at=timezone.now() - timedelta(days=age))

    assert suggestion_lists_refresh(reuse_days=7).reused == reused


@pytest.mark.parametrize("changed", [{"maximum": 3}, {"reuse_days": 0}])
def test_list_made_with_other_limits_is_refreshed(trained: World, changed: dict[str, int]) -> None:
    suggestion_lists_refresh()

    assert suggestion_lists_refresh(**changed).reused == 0


def test_list_with_a_movie_that_is_now_skipped_is_refreshed(trained: World) -> None:
    suggestion_lists_refresh()
    skipped = set(Movie.objects.order_by("-ratings_count", "pk").values_list("pk", flat=True)[:5])
    affected = sum(not skipped.isdisjoint(movie_ids) for movie_ids in lists().values())

    report = suggestion_lists_refresh(start=5)

    assert report.refreshed == affected > 10
    assert all(skipped.isdisjoint(movie_ids) for movie_ids in lists().values())


def test_limits_beyond_all_reason_are_taken_as_no_limits(trained: World) -> None:
    suggestion_lists_refresh()

    assert suggestion_lists_refresh(maximum=10**12, block_movies=10**12, reuse_days=10**12).reused == 60


def test_short_lists_are_completed_when_more_may_be_kept(trained: World) -> None:
    suggestion_lists_refresh(maximum=3)

    suggestion_lists_refresh(maximum=250)

    assert min(len(movie_ids) for movie_ids in lists().values()) > 3


def test_list_of_a_retired_model_is_refreshed(trained: World) -> None:
    suggestion_lists_refresh()
    call_command("trainsurprisemodel", "--epochs", "31", "--factors", "5")

    report = suggestion_lists_refresh()

    assert report.reused == 0
    assert set(SuggestionList.objects.values_list("model_version_id", flat=True)) == {report.model_version_id}


@pytest.mark.parametrize("n_changed", [0, 1])
def test_list_of_a_user_without_ratings_is_removed(trained: World, n_changed: int) -> None:
    suggestion_lists_refresh()
    User.objects.filter(pk__in=trained.user_ids[:n_changed]).update(ratings_changed_at=timezone.now())
    Rating.objects.filter(user_id=trained.user_ids[-1]).delete()

    suggestion_lists_refresh()

    assert set(lists()) == set(trained.user_ids[:-1])


def test_list_of_a_user_who_rates_during_the_refresh_is_carried_over(
    trained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggestion_lists_refresh()
    early, gone, liked = trained.user_ids[0], trained.user_ids[1], lists()[trained.user_ids[0]][0]

    def rate_then_switch(*args: object, **kwargs: object) -> None:
        movie_rate(user_id=early, movie_id=liked, value=5.0)
        for movie_id in rated(gone):
            rating_remove(user_id=gone, movie_id=movie_id)
        next_table_switch(*args, **kwargs)  # type: ignore[arg-type]  # Handed on as they came.

    monkeypatch.setattr("pipeline.suggestion_table.next_table_switch", rate_then_switch)
    suggestion_lists_refresh(reuse_days=0)

    assert liked not in lists()[early]
    assert set(lists()) == set(trained.user_ids) - {gone}


def versions_of_rows() -> dict[int, str]:
    """Where each list lies; a row that is written anew lies elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, tableoid || ':' || ctid::text FROM movies_suggestionlist")
        return dict(cursor.fetchall())


def test_few_changed_lists_are_written_in_place_and_no_other_row_is_touched(trained: World) -> None:
    suggestion_lists_refresh()
    for changed in trained.user_ids[4:6]:
        before = versions_of_rows()
        rating_set(user_id=changed, movie_id=lists()[changed][0], value=1.0)

        assert suggestion_lists_refresh().refreshed == 1

        after = versions_of_rows()
        assert [user_id for user_id in after if after[user_id] != before[user_id]] == [changed]
        assert set(lists()[changed]).isdisjoint(rated(changed))


def test_lists_in_place_skip_users_who_rate_or_leave_meanwhile(trained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    suggestion_lists_refresh()
    early, unrated, gone = trained.user_ids[:3]
    for user_id in (early, unrated, gone):
        rating_set(user_id=user_id, movie_id=lists()[user_id][0], value=1.0)
    liked = lists()[early][1]

    def rate_then_merge(cursor: CursorWrapper, blocks: Iterable[list[Columns]], began_at: datetime) -> None:
        made = list(blocks)
        movie_rate(user_id=early, movie_id=liked, value=5.0)
        for movie_id in rated(unrated):
            rating_remove(user_id=unrated, movie_id=movie_id)
        users_delete(user_ids=[gone])
        lists_merge(cursor, made, began_at)

    monkeypatch.setattr("pipeline.services.suggesting.lists_merge", rate_then_merge)
    suggestion_lists_refresh()

    assert liked not in lists()[early]
    assert set(lists()) == set(trained.user_ids) - {unrated, gone}


def test_refresh_that_fails_leaves_the_old_lists_and_no_other_table(
    trained: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggestion_lists_refresh()
    before = list(SuggestionList.objects.order_by("pk").values())

    def interrupt(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.suggestion_table.next_table_switch", interrupt)
    with pytest.raises(CommandError, match="changed nothing") as raised:
        call_command("createmoviesuggestions", "--reuse-suggestions-up-to-days", "0")

    assert raised.value.returncode == 130
    assert list(SuggestionList.objects.order_by("pk").values()) == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'movies_suggestionlist_%'")
        assert cursor.fetchone() == (0,)


def test_command_without_a_live_model_says_what_to_do(world: World) -> None:
    with pytest.raises(CommandError, match="run trainsurprisemodel first") as raised:
        call_command("createmoviesuggestions")

    assert raised.value.returncode == 1


def test_command_prints_how_many_lists_were_refreshed_and_kept(
    trained: World, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    call_command("createmoviesuggestions", "--start", "2", "--offset", "10", "--max", "4")
    call_command("createmoviesuggestions", "--skip-popular", "2", "--batch-movies", "20", "--per-user", "4")

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Wrote suggestions for 60 users")
    assert "60 users keep theirs" in second
    assert {len(movie_ids) for movie_ids in lists().values()} == {4}


@pytest.mark.parametrize("arguments", [["--max", "0"], ["--offset", "0"], ["--start", "-1"], ["--per-user", "many"]])
def test_argument_out_of_range_is_refused(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="must be a whole number"):
        call_command("createmoviesuggestions", *arguments)
