"""Refreshing everyone's suggestions by several processes on any hosts, which take blocks of users from one plan.

They share the database, the queue and the folder of models. One process leads: it holds the stage, plans, takes blocks
like all others, and switches. Whoever dies gives its block back; if that is the leader, the last one switches.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from movies.live import LiveModel, live_model
from movies.models import ModelVersion
from pipeline.errors import NoLiveModelError, RefreshOverError, StageBusyError
from pipeline.models import SuggestionBlock, SuggestionRefresh
from pipeline.selectors import clock_now
from pipeline.services.refreshes import (
    block_claim,
    block_finish,
    blocks_unfinished,
    refresh_abandon,
    refresh_hold,
    refresh_succeed,
    refresh_table,
)
from pipeline.services.suggesting import (
    BLOCK_RATINGS,
    BLOCK_USERS,
    RefreshJob,
    RefreshPlan,
    SuggestionReport,
    block_lists,
    block_read,
    refresh_plan,
)
from pipeline.stage_locks import Stage, stage_lock
from pipeline.suggestion_table import (
    COLUMNS,
    TABLE,
    lists_keep,
    lists_of_the_unrated_remove,
    lists_settle,
    lists_switch,
)
from postgres.copy import copy_in_arrays
from postgres.errors import TableSwitchError
from postgres.table_switch import next_table_create, next_table_index
from recommender.algorithms import load_model
from recommender.errors import RecommenderError
from recommender.progress import show_progress

POLL_SECONDS = 0.1
# A refresh that was left unfinished goes on if it is not older than this.
RESUMED_FOR = timedelta(hours=12)
# What passes by itself: the next call goes on where this one stopped.
_PASSING = (OperationalError, InterfaceError, TableSwitchError)


@contextmanager
def shared_refresh(
    *,
    start: int = 0,
    block_movies: int = 50,
    maximum: int = 250,
    reuse_days: int = 7,
    block_users: int = BLOCK_USERS,
) -> Iterator[SuggestionRefresh]:
    """Lead, for the length of a ``with`` block, a refresh that is written down for others to help with.

    The arguments are those of `suggestion_lists_refresh`, and so are the lists; ``block_users``: users per block. A
    refresh that was left unfinished goes on if the model and the limits are still the same. Inside the block, tell
    helpers of it, whose part is `shared_refresh_help`, and call `shared_refresh_complete`. A failure ends the refresh,
    except for one that passes by itself.

    Raises:
        NoLiveModelError: no model is live, or the live one cannot be read.
        StageBusyError: a refresh is running elsewhere.

    """
    with stage_lock(Stage.SUGGEST):
        refresh = _unfinished(start, maximum, reuse_days)
        if refresh is None:
            refresh_abandon()
            with transaction.atomic(), connection.cursor() as cursor:
                plan = refresh_plan(
                    cursor, start=start, block_movies=block_movies, maximum=maximum, reuse_days=reuse_days
                )
                refresh = _written_down(cursor, plan, start, reuse_days, block_users)
        try:
            yield refresh
        except _PASSING:
            raise
        except BaseException as error:
            refresh_abandon(reason=f"{type(error).__name__}: {error}".rstrip(": "))
            raise


def shared_refresh_complete(refresh: SuggestionRefresh) -> SuggestionReport:
    """Take blocks until all are done, by whomever, and switch; the caller holds the stage.

    Raises:
        RefreshOverError: the refresh has ended otherwise.
        NoLiveModelError: its model cannot be read here.
        TableSwitchError: the table was in use for too long; the old suggestions stay.

    """
    with show_progress("writing suggestions", total=refresh.n_blocks, unit="blocks") as advance:
        for n_finished in _blocks_work(refresh):
            advance(n_finished)
    if refresh.n_blocks:
        with transaction.atomic(), connection.cursor() as cursor:
            next_table_index(cursor, refresh_table(refresh.pk))
    with transaction.atomic(), connection.cursor() as cursor:
        if not refresh_hold(refresh.pk):
            message = f"Suggestion {refresh} has ended while it was being completed: run it again."
            raise RefreshOverError(message)
        if refresh.n_blocks:
            lists_switch(cursor, refresh_table(refresh.pk), refresh.began_at)
        else:
            lists_of_the_unrated_remove(cursor)
        refresh_succeed(refresh)
    lists_settle(refresh.began_at)
    return SuggestionReport(refresh.n_users, refresh.n_reused, refresh.model_version_id)


def shared_refresh_help(*, refresh_id: int) -> bool:
    """Take blocks of a refresh until all are done; return whether this process was left to complete it.

    A refresh that is over needs no help, so this may be called too often and too late.

    Raises:
        NoLiveModelError: the refresh's model cannot be read here.
        TableSwitchError: as `shared_refresh_complete`.

    """
    running = SuggestionRefresh.objects.filter(pk=refresh_id, state=SuggestionRefresh.State.RUNNING)
    refresh = running.first()
    if refresh is None:
        return False
    for _ in _blocks_work(refresh):
        pass
    # Whoever leads holds the stage, and completes the refresh itself.
    with suppress(StageBusyError), stage_lock(Stage.SUGGEST):
        if running.exists():
            shared_refresh_complete(refresh)
            return True
    return False


def _unfinished(start: int, maximum: int, reuse_days: int) -> SuggestionRefresh | None:
    return SuggestionRefresh.objects.filter(
        state=SuggestionRefresh.State.RUNNING,
        model_version__state=ModelVersion.State.LIVE,
        skipped=start,
        maximum=maximum,
        reuse_days=reuse_days,
        began_at__gt=clock_now() - RESUMED_FOR,
    ).first()


def _written_down(
    cursor: CursorWrapper, plan: RefreshPlan, start: int, reuse_days: int, block_users: int
) -> SuggestionRefresh:
    stale, reused, job = plan.raters.stale, plan.raters.reused, plan.job
    parts = list(stale.blocks(block_users, BLOCK_RATINGS)) if stale.user_ids.size else []
    refresh = SuggestionRefresh.objects.create(
        model_version_id=job.live.version_id,
        skipped=start,
        maximum=job.maximum,
        reuse_days=reuse_days,
        tile=job.tile,
        candidates=np.packbits(job.candidates).tobytes(),
        n_users=stale.user_ids.size,
        n_reused=reused.size,
        n_blocks=len(parts),
        began_at=plan.began_at,
        settled_at=job.settled_at,
    )
    if not parts:
        return refresh
    next_table_create(cursor, TABLE, name=refresh_table(refresh.pk).name)
    kept = np.array_split(reused, len(parts))
    SuggestionBlock.objects.bulk_create(
        (
            SuggestionBlock(
                refresh=refresh,
                number=number,
                user_ids=users.user_ids.tolist(),
                changed_ids=users.user_ids[users.changed].tolist(),
                reused_ids=kept[number].tolist(),
            )
            for number, users in enumerate(parts)
        ),
        batch_size=100,
    )
    return refresh


def _blocks_work(refresh: SuggestionRefresh) -> Iterator[int]:
    """Take blocks until all are done; yield, now and then, how many were finished by anyone since the last time.

    Those that others hold are waited for: they come back if their holders die.
    """
    known = refresh.n_blocks
    with ExitStack() as stack:
        taker: _Taker | None = None
        while left := blocks_unfinished(refresh.pk):
            yield known - left
            known = left
            if taker is None:
                taker = _Taker(refresh, _job_of(refresh))
                stack.enter_context(taker.beside())
            if not taker.block_write():
                time.sleep(POLL_SECONDS)
    yield known


@dataclass(frozen=True)
class _Taker:
    """This process as it takes blocks of a refresh, in one session or in two."""

    refresh: SuggestionRefresh
    job: RefreshJob
    scoring: threading.Lock = field(default_factory=threading.Lock)

    def block_write(self) -> bool:
        """Make the lists of one block, if one is free; the note that they are there comes with them or not at all."""
        with transaction.atomic(), connection.cursor() as cursor:
            block = block_claim(cursor, self.refresh.pk)
            if block is None:
                return False
            user_ids = np.array(block.user_ids, dtype=np.int32)
            changed = np.isin(user_ids, np.array(block.changed_ids, dtype=np.int32))
            users = block_read(cursor, self.job.live.model, user_ids, changed)
            with self.scoring:
                lists = block_lists(self.job, users)
            if not refresh_hold(self.refresh.pk):
                return False
            table = refresh_table(self.refresh.pk)
            copy_in_arrays(cursor, table.name, COLUMNS, lists)
            lists_keep(cursor, table, np.array(block.reused_ids, dtype=np.int32))
            block_finish(block)
        return True

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Take blocks in a thread and a session besides, for the length of a ``with`` block, while there are free ones.

        So the database reads and writes for one block while another is scored.
        """
        over = threading.Event()

        def blocks_write() -> None:
            try:
                while not over.is_set() and self.block_write():
                    pass
            finally:
                connection.close()

        with ThreadPoolExecutor(1, "blocks") as thread:
            written = thread.submit(blocks_write)
            try:
                yield
            finally:
                over.set()
            written.result()


def _job_of(refresh: SuggestionRefresh) -> RefreshJob:
    live = _model_of(refresh)
    packed = np.frombuffer(refresh.candidates, dtype=np.uint8)
    candidates = np.unpackbits(packed, count=len(live.model.items)).astype(np.bool_)
    return RefreshJob(live, candidates, refresh.maximum, refresh.tile, refresh.settled_at)


def _model_of(refresh: SuggestionRefresh) -> LiveModel:
    """Return the model that the refresh began with, whatever is live by now."""
    live = live_model()
    if live is not None and live.version_id == refresh.model_version_id:
        return live
    version = refresh.model_version
    path = Path(settings.MODELS_DIR) / version.folder
    try:
        return LiveModel(version.pk, version.trained_until, path, load_model(path))
    except RecommenderError as error:
        message = f"Model #{version.pk} cannot be read here ({error}): all workers must share one MODELS_DIR."
        raise NoLiveModelError(message) from error
