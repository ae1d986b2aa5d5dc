"""Creating crowd users in bulk: raters who train the models and cannot log in."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from faker import Faker

from accounts.models import User
from postgres.locks import transaction_lock

FAKE_SOURCE = "fake"
_BATCH = 50_000
# Enough draws for most of Faker's names. A fixed seed makes the pools the same in each run.
_NAME_DRAWS = 4_000
_NAME_SEED = 20_240_101

# An unusable password starts with "!".
_INSERT = """
INSERT INTO accounts_user (id, username, first_name, last_name, kind, crowd_source, crowd_key, ratings_changed_at,
    password, email, is_active, is_staff, is_superuser, date_joined)
SELECT coalesce(id, nextval(pg_get_serial_sequence('accounts_user', 'id'))), 'crowd:' || %s || ':' || crowd_key,
    first_name, last_name, 'crowd', %s, crowd_key, ratings_changed_at, '!', '', false, false, false, now()
FROM ({users}) new ORDER BY crowd_key
"""
_MISSING = """
SELECT NULL::integer AS id, crowd_key, first_name, last_name, NULL::timestamptz AS ratings_changed_at
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS named (crowd_key, first_name, last_name)
WHERE NOT EXISTS (
    SELECT FROM accounts_user old WHERE old.kind = 'crowd' AND old.crowd_source = %s AND old.crowd_key = named.crowd_key
)
"""


@dataclass(frozen=True, slots=True)
class CrowdName:
    """The name of a crowd user."""

    first_name: str = ""
    last_name: str = ""


def crowd_users_insert(
    cursor: CursorWrapper, *, source: str, users: str, parameters: Sequence[str | list[int] | list[str]] = ()
) -> int:
    """Insert crowd users of the data set ``source``, and return how many.

    The query ``users``, with its ``parameters``, selects their ``id`` (null for the next free one), ``crowd_key``,
    ``first_name``, ``last_name`` and ``ratings_changed_at``.
    """
    cursor.execute(_INSERT.format(users=users), [source, source, *parameters])
    return int(cursor.rowcount)


def crowd_users_ensure(*, source: str, n_users: int) -> tuple[list[int], int]:
    """Create the users 0 … ``n_users`` - 1 of the data set ``source`` that are missing.

    Returns:
        The ids of all these users in the order of their keys, and how many of them are new.

    """
    with transaction.atomic():
        transaction_lock("accounts.crowd_users_ensure")
        created = _add_missing(source=source, first_key=0, names=[CrowdName()] * n_users)
        users = User.objects.crowd().filter(crowd_source=source, crowd_key__lt=n_users).order_by("crowd_key")
        return list(users.values_list("pk", flat=True)), created


def fake_users_create(*, total: int) -> int:
    """Create ``total`` crowd users with different invented names, and return how many were created.

    Each call continues after the last name of the call before.
    """
    with transaction.atomic():
        transaction_lock("accounts.fake_users_create")
        newest = User.objects.crowd().filter(crowd_source=FAKE_SOURCE).order_by("-crowd_key").first()
        first_key = 0 if newest is None or newest.crowd_key is None else newest.crowd_key + 1
        return _add_missing(source=FAKE_SOURCE, first_key=first_key, names=fake_names(first=first_key, total=total))


def fake_names(*, first: int, total: int) -> list[CrowdName]:
    """Return the invented names with the numbers ``first`` … ``first + total - 1``, which are the same in each run.

    Names combine first and last names in an order in which no pair repeats until all have been used. After that, a
    counter follows the last name.
    """
    first_names, last_names = _name_pools()
    names = []
    for number in range(first, first + total):
        lap, position = divmod(number, len(first_names))
        generation, shift = divmod(lap, len(last_names))
        last_name = last_names[(position + shift) % len(last_names)]
        suffix = f" {generation + 1}" if generation else ""
        names.append(CrowdName(first_names[position], last_name + suffix))
    return names


def _name_pools() -> tuple[list[str], list[str]]:
    fake = Faker()
    fake.seed_instance(_NAME_SEED)
    first_names = dict.fromkeys(fake.first_name() for _ in range(_NAME_DRAWS))
    last_names = dict.fromkeys(fake.last_name() for _ in range(_NAME_DRAWS))
    return list(first_names), list(last_names)


def _add_missing(*, source: str, first_key: int, names: Sequence[CrowdName]) -> int:
    created = 0
    with connection.cursor() as cursor:
        for start in range(0, len(names), _BATCH):
            batch = names[start : start + _BATCH]
            keys = list(range(first_key + start, first_key + start + len(batch)))
            columns = (keys, [name.first_name for name in batch], [name.last_name for name in batch])
            created += crowd_users_insert(cursor, source=source, users=_MISSING, parameters=[*columns, source])
    return created
