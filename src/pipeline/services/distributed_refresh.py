"""Refreshing all suggestion lists with several processes on any hosts, which take blocks of users from one plan.

The processes share the database, the queue and the folder of models. The leader locks the stage, plans, takes blocks,
too, and switches the tables. The block of a process that dies becomes free again. If the leader dies, the process that
finds no more blocks switches the tables.
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
    count_unfinished_blocks,
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
    block_score,
    read_block,
    refresh_plan,
)
from pipeline.stage_locks import Stage, stage_lock
from pipeline.suggestion_table import (
    COLUMNS,
    TABLE,
    lists_keep,
    lists_settle,
    lists_switch,
    lists_without_ratings_remove,
)
from postgres.copy import copy_in_arrays
from postgres.errors import TableSwitchError
from postgres.table_switch import next_table_create, next_table_index
from recommender.algorithms import load_model
from recommender.errors import RecommenderError
from recommender.progress import show_progress

POLL_SECONDS = 0.1
# An unfinished refresh is resumed up to this age.
MAX_RESUMED_AGE = timedelta(hours=12)
# After these errors the next call resumes the refresh.
_TRANSIENT = (OperationalError, InterfaceError, TableSwitchError)


@contextmanager
def shared_refresh(
    *,
    start: int = 0,
    block_movies: int = 50,
    maximum: int = 250,
    reuse_days: int = 7,
    block_users: int = BLOCK_USERS,
) -> Iterator[SuggestionRefresh]:
    """Lead a refresh, stored for others to help with, for the length of a ``with`` block.

    1. Resume an unfinished refresh of the same model and limits, or abandon it and store a new plan.
    2. In the block, the caller asks other processes to run `shared_refresh_help`, and calls `shared_refresh_complete`.
    3. If the block fails, end the refresh, except after transient errors.

    The arguments and the lists are those of `suggestion_lists_refresh`; ``block_users``: users per block.

    Raises:
        NoLiveModelError: no model is live, or the live one cannot be read.
        StageBusyError: a refresh is running elsewhere.

    """
    with stage_lock(Stage.SUGGEST):
        refresh = _refresh_resume(start, maximum, reuse_days)
        if refresh is None:
            refresh_abandon()
            with transaction.atomic(), connection.cursor() as cursor:
                plan = refresh_plan(
                    cursor, start=start, block_movies=block_movies, maximum=maximum, reuse_days=reuse_days
                )
                refresh = _refresh_create(cursor, plan, start, reuse_days, block_users)
        try:
            yield refresh
        except _TRANSIENT:
            raise
        except BaseException as error:
            refresh_abandon(reason=f"{type(error).__name__}: {error}".rstrip(": "))
            raise


def shared_refresh_complete(refresh: SuggestionRefresh) -> SuggestionReport:
    """Complete a refresh; the caller holds the lock of the stage.

    1. Take blocks until this process and the others have done all of them.
    2. Add the indexes of the new table.
    3. Switch the tables, and record that the refresh has succeeded, in one transaction.
    4. Drop the old table and validate the foreign keys.

    Raises:
        RefreshOverError: the refresh has failed or was replaced in the meantime.
        NoLiveModelError: its model cannot be read here.
        TableSwitchError: the table was in use for too long; the old suggestions stay.

    """
    with show_progress("writing suggestions", total=refresh.n_blocks, unit="blocks") as advance:
        for n_finished in _blocks_process(refresh):
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
            lists_without_ratings_remove(cursor)
        refresh_succeed(refresh)
    lists_settle(refresh.began_at)
    return SuggestionReport(refresh.n_users, refresh.n_reused, refresh.model_version_id)


def shared_refresh_help(*, refresh_id: int) -> bool:
    """Take blocks of a refresh until all are done, and complete it if its leader is gone; return whether it did.

    For a refresh that has ended, this does nothing.

    Raises:
        NoLiveModelError: the refresh's model cannot be read here.
        TableSwitchError: as `shared_refresh_complete`.

    """
    running = SuggestionRefresh.objects.filter(pk=refresh_id, state=SuggestionRefresh.State.RUNNING)
    refresh = running.first()
    if refresh is None:
        return False
    for _ in _blocks_process(refresh):
        pass
    # A leader that is alive holds the stage, and completes the refresh itself.
    with suppress(StageBusyError), stage_lock(Stage.SUGGEST):
        if running.exists():
            shared_refresh_complete(refresh)
            return True
    return False


def _refresh_resume(start: int, maximum: int, reuse_days: int) -> SuggestionRefresh | None:
    return SuggestionRefresh.objects.filter(
        state=SuggestionRefresh.State.RUNNING,
        model_version__state=ModelVersion.State.LIVE,
        skipped=start,
        maximum=maximum,
        reuse_days=reuse_days,
        began_at__gt=clock_now() - MAX_RESUMED_AGE,
    ).first()


def _refresh_create(
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
    if parts:
        next_table_create(cursor, TABLE, name=refresh_table(refresh.pk).name)
        SuggestionBlock.objects.bulk_create(
            (
                SuggestionBlock(
                    refresh=refresh,
                    number=number,
                    user_ids=users.user_ids.tolist(),
                    changed_ids=users.user_ids[users.changed].tolist(),
                    reused_ids=kept.tolist(),
                )
                for number, (users, kept) in enumerate(zip(parts, np.array_split(reused, len(parts)), strict=True))
            ),
            batch_size=100,
        )
    return refresh


def _blocks_process(refresh: SuggestionRefresh) -> Iterator[int]:
    """Take blocks until all are done; after each one, yield how many all processes have finished since the last time.

    Waits for the blocks that other processes hold, which become free if these die.
    """
    unfinished = refresh.n_blocks
    with ExitStack() as stack:
        worker: _BlockWorker | None = None
        while left := count_unfinished_blocks(refresh.pk):
            yield unfinished - left
            unfinished = left
            if worker is None:
                worker = _BlockWorker(refresh, _job_load(refresh))
                stack.enter_context(worker.second_session())
            if not worker.block_write():
                time.sleep(POLL_SECONDS)
    yield unfinished


@dataclass(frozen=True)
class _BlockWorker:
    """Writes blocks of a refresh, in two database sessions that take turns at scoring."""

    refresh: SuggestionRefresh
    job: RefreshJob
    scoring_lock: threading.Lock = field(default_factory=threading.Lock)

    def block_write(self) -> bool:
        """Write the lists of a free block and mark it as finished, in one transaction; return False if none is free."""
        with transaction.atomic(), connection.cursor() as cursor:
            block = block_claim(cursor, self.refresh.pk)
            if block is None:
                return False
            user_ids = np.array(block.user_ids, dtype=np.int32)
            changed = np.isin(user_ids, np.array(block.changed_ids, dtype=np.int32))
            users = read_block(cursor, self.job.live.model, user_ids, changed)
            with self.scoring_lock:
                lists = block_score(self.job, users)
            if not refresh_hold(self.refresh.pk):
                return False
            table = refresh_table(self.refresh.pk)
            copy_in_arrays(cursor, table.name, COLUMNS, lists)
            lists_keep(cursor, table, np.array(block.reused_ids, dtype=np.int32))
            block_finish(block)
        return True

    @contextmanager
    def second_session(self) -> Iterator[None]:
        """Write free blocks in a second thread, with its own session, for the length of a ``with`` block.

        The database then reads and writes one block while the other is scored.
        """
        stop = threading.Event()

        def blocks_write() -> None:
            try:
                while not stop.is_set() and self.block_write():
                    pass
            finally:
                connection.close()

        with ThreadPoolExecutor(1, "blocks") as thread:
            future = thread.submit(blocks_write)
            try:
                yield
            finally:
                stop.set()
            future.result()


def _job_load(refresh: SuggestionRefresh) -> RefreshJob:
    live = _model_load(refresh)
    bits = np.unpackbits(np.frombuffer(refresh.candidates, dtype=np.uint8), count=len(live.model.items))
    return RefreshJob(live, bits.astype(np.bool_), refresh.maximum, refresh.tile, refresh.settled_at)


def _model_load(refresh: SuggestionRefresh) -> LiveModel:
    """Return the model that the refresh began with, even if another one is live by now."""
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
