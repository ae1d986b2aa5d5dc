"""The rows and tables of shared refreshes, and the locks on their blocks."""

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

# After this time the database closes an idle session that holds a block. It notices a dead process at once.
LEASE = timedelta(minutes=10)
_NETWORK_SILENCE_SECONDS = 60
# Finished refreshes that the admin still shows.
REFRESHES_KEPT = 30

_TABLES = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname ~ %s
"""
# Blocks that a process still holds stay until the next time, because waiting for abandoned work would be wasted.
_REMOVE_PLANS = """
DELETE FROM pipeline_suggestionblock WHERE id IN (
  SELECT block.id FROM pipeline_suggestionblock block JOIN pipeline_suggestionrefresh refresh
    ON refresh.id = block.refresh_id AND refresh.state <> 'running'
  FOR UPDATE OF block SKIP LOCKED)
"""
_HOLD = "SELECT FROM pipeline_suggestionrefresh WHERE id = %s AND state = 'running' FOR SHARE"
_SUPERSEDED = "No process was working on it any more, and another refresh has replaced it."


def refresh_table(refresh_id: int) -> NextTable:
    """Return the table that a refresh writes its lists to."""
    return NextTable(TABLE, f"{TABLE}_refresh_{refresh_id}")


def refresh_abandon(*, reason: str = _SUPERSEDED) -> None:
    """Mark the running refresh, if there is one, as failed; delete its blocks and drop its table.

    The caller holds the lock of the stage, so that no other process leads that refresh.
    """
    running = SuggestionRefresh.objects.filter(state=SuggestionRefresh.State.RUNNING)
    # Waits until blocks that are being written are committed, and prevents further ones.
    running.update(state=SuggestionRefresh.State.FAILED, error=reason, finished_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_REMOVE_PLANS)
        cursor.execute(_TABLES, [f"^{TABLE}_(refresh_[0-9]+|next)$"])
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE "{name}"')


def refresh_succeed(refresh: SuggestionRefresh) -> None:
    """Mark a refresh as succeeded, record who finished how many blocks, and delete the blocks."""
    blocks = SuggestionBlock.objects.filter(refresh=refresh)
    done = Counter(blocks.order_by("worker").values_list("worker", flat=True))
    refresh.state, refresh.finished_at = SuggestionRefresh.State.SUCCEEDED, timezone.now()
    refresh.workers = "\n".join(f"{worker}: {count} blocks" for worker, count in done.items())
    refresh.save(update_fields=["state", "finished_at", "workers"])
    blocks.delete()
    old = SuggestionRefresh.objects.order_by("-pk").values_list("pk", flat=True)[REFRESHES_KEPT:]
    SuggestionRefresh.objects.filter(pk__in=list(old)).delete()


def refresh_hold(refresh_id: int) -> bool:
    """Return whether a refresh is still running; if so, it cannot end before this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [refresh_id])
        return cursor.fetchone() is not None


def block_claim(cursor: CursorWrapper, refresh_id: int) -> SuggestionBlock | None:
    """Lock a free block until the transaction ends, or return ``None`` if there is none.

    The lock ends with the session: at once if the process dies, within `LEASE` if its host fails or it hangs.
    """
    cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout TO {int(LEASE.total_seconds() * 1000)}")
    cursor.execute(f"SET LOCAL tcp_keepalives_idle TO {_NETWORK_SILENCE_SECONDS // 2}")
    # The kernel checks the limit at each probe, and probes are 75 seconds apart by default.
    cursor.execute(f"SET LOCAL tcp_keepalives_interval TO {_NETWORK_SILENCE_SECONDS // 6}")
    cursor.execute(f"SET LOCAL tcp_user_timeout TO {_NETWORK_SILENCE_SECONDS * 1000}")
    free = SuggestionBlock.objects.select_for_update(skip_locked=True, of=("self",))
    running = {"refresh_id": refresh_id, "refresh__state": SuggestionRefresh.State.RUNNING}
    return free.filter(**running, finished_at=None).order_by("number").first()


def block_finish(block: SuggestionBlock) -> None:
    """Mark a block as finished by this process, in the transaction that writes its lists."""
    block.worker, block.finished_at = f"{socket.gethostname()}:{os.getpid()}", timezone.now()
    block.save(update_fields=["worker", "finished_at"])


def count_unfinished_blocks(refresh_id: int) -> int | None:
    """Return how many blocks are unfinished, or ``None`` if the refresh has ended."""
    running = SuggestionRefresh.objects.filter(pk=refresh_id, state=SuggestionRefresh.State.RUNNING)
    counted = running.annotate(left=Count("blocks", filter=Q(blocks__finished_at=None)))
    return counted.values_list("left", flat=True).first()
