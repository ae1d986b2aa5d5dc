"""A refresh whose users are divided into blocks, in one process and, for what others see, in several sessions."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from tests.pipeline.worlds import World, world_create

from accounts.models import User
from movies.models import ModelVersion, SuggestionList
from movies.services.ratings import movie_rate, rating_set
from pipeline.errors import NoLiveModelError, StageBusyError
from pipeline.models import SuggestionBlock, SuggestionRefresh
from pipeline.services import refreshes
from pipeline.services.distributed_refresh import shared_refresh, shared_refresh_complete, shared_refresh_help
from pipeline.services.refreshes import block_claim
from pipeline.services.suggesting import SuggestionReport, suggestion_lists_refresh

LEFT_OVER = "SELECT count(*) FROM pg_class WHERE relname LIKE 'movies_suggestionlist_refresh%'"


def refresh_in_blocks(*, block_users: int = 7, maximum: int = 250, reuse_days: int = 7) -> SuggestionReport:
    with shared_refresh(block_users=block_users, maximum=maximum, reuse_days=reuse_days) as refresh:
        return shared_refresh_complete(refresh)


def lists() -> list[tuple[int, list[int], list[float]]]:
    return list(SuggestionList.objects.order_by("user_id").values_list("user_id", "movie_ids", "scores"))


def tables_left() -> int:
    with connection.cursor() as cursor:
        cursor.execute(LEFT_OVER)
        return int(cursor.fetchone()[0])


@pytest.fixture
def committed(transactional_db: None) -> Iterator[World]:
    """A trained world that other sessions see."""
    world = world_create()
    call_command("exportdatasets")
    call_command("trainsurprisemodel", "--epochs", "5", "--factors", "5")
    yield world
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'movies_suggestionlist_refresh%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE IF EXISTS "{name}"')


@pytest.mark.django_db
def test_lists_of_a_shared_refresh_are_those_of_one_process_to_the_bit(trained: World) -> None:
    newcomer = User.objects.create_user("newcomer")
    for movie_id in trained.movie_ids[1:8:2]:
        rating_set(user_id=newcomer.pk, movie_id=movie_id, value=5.0)
    rating_set(user_id=trained.user_ids[0], movie_id=trained.movie_ids[-1], value=4.5)
    suggestion_lists_refresh()
    alone = lists()

    report = refresh_in_blocks(reuse_days=0)

    assert report == SuggestionReport(refreshed=61, reused=0, model_version_id=ModelVersion.objects.get().pk)
    assert lists() == alone
    assert tables_left() == 0


@pytest.mark.django_db
def test_row_of_a_shared_refresh_records_the_blocks_of_each_process(trained: World) -> None:
    refresh_in_blocks(block_users=7)

    refresh = SuggestionRefresh.objects.get()
    assert (refresh.state, refresh.n_users, refresh.n_blocks) == ("succeeded", 60, 9)
    assert refresh.workers.endswith(": 9 blocks")
    assert not SuggestionBlock.objects.exists()


@pytest.mark.django_db
def test_users_whose_lists_are_still_right_keep_them_in_a_shared_refresh(trained: World) -> None:
    refresh_in_blocks()
    before = dict(SuggestionList.objects.values_list("user_id", "created_at"))
    changed = trained.user_ids[3]
    rating_set(user_id=changed, movie_id=trained.movie_ids[-1], value=0.5)

    report = refresh_in_blocks()

    after = dict(SuggestionList.objects.values_list("user_id", "created_at"))
    assert (report.refreshed, report.reused) == (1, 59)
    assert {user_id for user_id in after if after[user_id] != before[user_id]} == {changed}
    assert after.keys() == before.keys()


@pytest.mark.django_db
def test_shared_refresh_with_nothing_to_do_takes_the_lists_of_those_without_ratings_away(trained: World) -> None:
    refresh_in_blocks()
    gone = trained.user_ids[5]
    User.objects.get(pk=gone).ratings.all().delete()

    report = refresh_in_blocks()

    assert (report.refreshed, report.reused) == (0, 59)
    assert not SuggestionList.objects.filter(user_id=gone).exists()


@pytest.mark.django_db
def test_new_list_of_a_user_who_rates_during_the_refresh_is_kept(trained: World) -> None:
    user_id, movie_id = trained.user_ids[0], trained.movie_ids[-1]
    with shared_refresh(block_users=7) as refresh:
        movie_rate(user_id=user_id, movie_id=movie_id, value=5.0)
        own = SuggestionList.objects.get(user_id=user_id)
        shared_refresh_complete(refresh)

    kept = SuggestionList.objects.get(user_id=user_id)
    assert (kept.movie_ids, kept.created_at) == (own.movie_ids, own.created_at)


@pytest.mark.django_db
def test_second_refresh_of_either_kind_is_refused_while_one_is_led(trained: World) -> None:
    with shared_refresh(block_users=7) as refresh:
        with pytest.raises(StageBusyError):
            suggestion_lists_refresh()
        with pytest.raises(CommandError, match="Already running"):
            call_command("createmoviesuggestions", "--distributed")
        shared_refresh_complete(refresh)

    assert len(lists()) == 60


@pytest.mark.django_db
def test_refresh_that_fails_for_good_is_over_and_leaves_nothing_behind(trained: World) -> None:
    with pytest.raises(RuntimeError), shared_refresh(block_users=7):
        raise RuntimeError("a flood")

    refresh = SuggestionRefresh.objects.get()
    assert (refresh.state, refresh.error) == ("failed", "RuntimeError: a flood")
    assert not SuggestionBlock.objects.exists()
    assert not shared_refresh_help(refresh_id=refresh.pk)
    assert (lists(), tables_left()) == ([], 0)


@pytest.mark.django_db
def test_refresh_whose_database_failed_goes_on_where_it_stopped(trained: World) -> None:
    with pytest.raises(OperationalError), shared_refresh(block_users=7) as first:
        raise OperationalError("the server restarts")
    with shared_refresh(block_users=30) as second:
        assert (second.pk, second.n_blocks) == (first.pk, 9)
        shared_refresh_complete(second)

    assert len(lists()) == 60


@pytest.mark.django_db
def test_unfinished_refresh_with_other_limits_makes_room_for_a_new_one(trained: World) -> None:
    with pytest.raises(OperationalError), shared_refresh(block_users=7) as first:
        raise OperationalError("the server restarts")

    report = refresh_in_blocks(maximum=3)

    first.refresh_from_db()
    assert first.state == "failed"
    assert first.error.startswith("No process was working on it any more")
    assert report.refreshed == 60
    assert {len(movie_ids) for _, movie_ids, _ in lists()} == {3}
    assert tables_left() == 0


@pytest.mark.django_db
def test_refresh_in_one_process_ends_a_shared_one_without_a_leader(trained: World) -> None:
    with pytest.raises(OperationalError), shared_refresh(block_users=7) as first:
        raise OperationalError("the server restarts")

    suggestion_lists_refresh()

    assert not shared_refresh_help(refresh_id=first.pk)
    assert (len(lists()), tables_left()) == (60, 0)


@pytest.mark.django_db
def test_without_a_live_model_nothing_is_planned(world: World) -> None:
    with pytest.raises(NoLiveModelError), shared_refresh():
        pass

    assert not SuggestionRefresh.objects.exists()


@pytest.mark.django_db
def test_helper_completes_a_refresh_whose_leader_is_gone(trained: World) -> None:
    suggestion_lists_refresh()
    alone = lists()
    with pytest.raises(OperationalError), shared_refresh(block_users=7, reuse_days=0) as refresh:
        raise OperationalError("the leader dies")

    assert shared_refresh_help(refresh_id=refresh.pk)

    assert lists() == alone
    assert SuggestionRefresh.objects.get().state == "succeeded"


def test_helper_shares_the_work_and_leaves_the_switch_to_the_leader(committed: World) -> None:
    completed: list[bool] = []

    def help_from_another_session(refresh_id: int) -> None:
        try:
            completed.append(shared_refresh_help(refresh_id=refresh_id))
        finally:
            connection.close()

    with shared_refresh(block_users=7) as refresh:
        helper = threading.Thread(target=help_from_another_session, args=[refresh.pk])
        helper.start()
        helper.join()
        assert completed == [False]
        assert not SuggestionBlock.objects.filter(finished_at=None).exists()
        assert lists() == []
        shared_refresh_complete(refresh)

    assert [user_id for user_id, _, _ in lists()] == committed.user_ids


def test_block_of_a_holder_that_falls_silent_is_free_again(committed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshes, "LEASE", timedelta(seconds=0.3))
    with shared_refresh(block_users=60) as refresh:
        with pytest.raises((OperationalError, InterfaceError)):
            hold_in_silence(refresh.pk)
        connection.close()
        shared_refresh_complete(refresh)

    assert len(lists()) == 60


def hold_in_silence(refresh_id: int) -> None:
    session = connection.copy()
    try:
        with transaction.atomic(), connection.cursor() as cursor, session.cursor() as other:
            assert block_claim(cursor, refresh_id) is not None
            assert free_blocks(other) == 0
            time.sleep(1)
            assert free_blocks(other) == 1
            cursor.execute("SELECT 1")
    finally:
        session.close()


def free_blocks(cursor: CursorWrapper) -> int:
    cursor.execute("SELECT id FROM pipeline_suggestionblock FOR UPDATE SKIP LOCKED")
    return len(cursor.fetchall())


@pytest.mark.django_db
def test_command_shares_its_work_and_prints_the_result(trained: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("createmoviesuggestions", "--distributed", "--max", "4")

    assert "Wrote suggestions for 60 users" in capsys.readouterr().out
    assert {len(movie_ids) for _, movie_ids, _ in lists()} == {4}
    assert SuggestionRefresh.objects.get().state == "succeeded"
