"""Refreshes that several processes share: their rows, their tables, and who holds which block."""

import os
import socket
from collections import Counter
from datetime import timedelta

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Count, Q
from django.utils import timezone

from pipeline.models import SuggestionBlock, SuggestionRefresh
from pipeline.suggestion_table import TABLE
from postgres.tables import NextTable

# How long the database waits for a process that holds a block and has fallen silent; a dead one is noticed at once.
LEASE = timedelta(minutes=10)
_NETWORK_SILENCE_SECONDS = 60
# How many refreshes stay to be looked at.
REFRESHES_KEPT = 30

_TABLES = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ %s
"""
# Blocks that somebody is still at are left to the next time: nobody waits for work that is thrown away.
_REMOVE_PLANS = """
DELETE FROM pipeline_suggestionblock WHERE id IN (
  SELECT block.id FROM pipeline_suggestionblock block JOIN pipeline_suggestionrefresh refresh
    ON refresh.id = block.refresh_id AND refresh.state <> 'running'
  FOR UPDATE OF block SKIP LOCKED)
"""
_HOLD = "SELECT FROM pipeline_suggestionrefresh WHERE id = %s AND state = 'running' FOR SHARE"
_SUPERSEDED = "Nobody was at it any more, and another refresh has taken its place."


def refresh_table(refresh_id: int) -> NextTable:
    """Return the table that the lists of a refresh are written to."""
    return NextTable(TABLE, f"{TABLE}_refresh_{refresh_id}")


def refresh_abandon(*, reason: str = _SUPERSEDED) -> None:
    """End the refresh that is noted as running, if there is one: what is left of it stops and its table goes.

    Whoever calls this holds the stage, so that nobody leads that refresh.
    """
    running = SuggestionRefresh.objects.filter(state=SuggestionRefresh.State.RUNNING)
    # Waits for blocks that are just being written, and lets no other be.
    running.update(state=SuggestionRefresh.State.FAILED, error=reason, finished_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE_PLANS)
        cursor.execute(_TABLES, [f"^{TABLE}_(refresh_[0-9]+|next)$"])
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE "{name}"')


def refresh_succeed(refresh: SuggestionRefresh) -> None:
    """Note, in the transaction that switches, that all is done, and by whom; the plan goes."""
    blocks = SuggestionBlock.objects.filter(refresh=refresh)
    done = Counter(blocks.order_by("worker").values_list("worker", flat=True))
    refresh.state, refresh.finished_at = SuggestionRefresh.State.SUCCEEDED, timezone.now()
    refresh.workers = "\n".join(f"{worker}: {count} blocks" for worker, count in done.items())
    refresh.save(update_fields=["state", "finished_at", "workers"])
    blocks.delete()
    old = SuggestionRefresh.objects.order_by("-pk").values_list("pk", flat=True)[REFRESHES_KEPT:]
    SuggestionRefresh.objects.filter(pk__in=list(old)).delete()


def refresh_hold(refresh_id: int) -> bool:
    """Whether a refresh still runs; if so, it stays so until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [refresh_id])
        return cursor.fetchone() is not None


def block_claim(cursor: CursorWrapper, refresh_id: int) -> SuggestionBlock | None:
    """Lock a block that is neither done nor held by others, until the transaction ends; ``None`` where there is none.

    The lock goes with the session: at once when the process dies, soon when its host is gone or it hangs.
    """
    cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout TO {int(LEASE.total_seconds() * 1000)}")
    cursor.execute(f"SET LOCAL tcp_keepalives_idle TO {_NETWORK_SILENCE_SECONDS // 2}")
    # The limit is looked at with each probe alone, and these come every 75 seconds by themselves.
    cursor.execute(f"SET LOCAL tcp_keepalives_interval TO {_NETWORK_SILENCE_SECONDS // 6}")
    cursor.execute(f"SET LOCAL tcp_user_timeout TO {_NETWORK_SILENCE_SECONDS * 1000}")
    free = SuggestionBlock.objects.select_for_update(skip_locked=True, of=("self",))
    running = {"refresh_id": refresh_id, "refresh__state": SuggestionRefresh.State.RUNNING}
    return free.filter(**running, finished_at=None).order_by("number").first()


def block_finish(block: SuggestionBlock) -> None:
    """Note, in the transaction that writes its lists, that a block is done, and where."""
    block.worker, block.finished_at = f"{socket.gethostname()}:{os.getpid()}", timezone.now()
    block.save(update_fields=["worker", "finished_at"])


def blocks_unfinished(refresh_id: int) -> int | None:
    """Return how many blocks are not done, or ``None`` if the refresh is over."""
    running = SuggestionRefresh.objects.filter(pk=refresh_id, state=SuggestionRefresh.State.RUNNING)
    counted = running.annotate(left=Count("blocks", filter=Q(blocks__finished_at=None)))
    return counted.values_list("left", flat=True).first()
