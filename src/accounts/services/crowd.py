"""Making crowd users in bulk: raters who train the model and never log in."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from faker import Faker

from accounts.models import User
from postgres.locks import transaction_lock

FAKE_SOURCE = "fake"
_BATCH = 50_000
# Enough draws to meet most of Faker's names; a fixed seed keeps the pools the same from run to run.
_NAME_DRAWS = 4_000
_NAME_SEED = 20_240_101

# The conflict clause alone would do, but it spends an id on each row that it skips.
_INSERT = """
INSERT INTO accounts_user (username, first_name, last_name, crowd_key, crowd_source, kind, password,
    email, is_active, is_staff, is_superuser, date_joined)
SELECT username, first_name, last_name, crowd_key, %s, 'crowd', %s, '', false, false, false, now()
FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[]) AS new (username, first_name, last_name, crowd_key)
WHERE NOT EXISTS (
    SELECT FROM accounts_user old WHERE old.kind = 'crowd' AND old.crowd_source = %s AND old.crowd_key = new.crowd_key
)
ON CONFLICT (crowd_source, crowd_key) WHERE kind = 'crowd' DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class CrowdName:
    """What a crowd user is called."""

    first_name: str = ""
    last_name: str = ""


def crowd_users_ensure(*, source: str, n_users: int) -> tuple[list[int], int]:
    """Make the users 0 … ``n_users`` - 1 of the data set ``source`` where they are missing.

    Returns:
        The users' ids in the order of their numbers, and how many of them are new.

    """
    with transaction.atomic():
        created = _insert(source=source, first_key=0, names=[CrowdName()] * n_users)
        users = User.objects.crowd().filter(crowd_source=source, crowd_key__lt=n_users).order_by("crowd_key")
        return list(users.values_list("pk", flat=True)), created


def fake_users_create(*, total: int) -> int:
    """Make ``total`` crowd users with invented names, no two of them alike, and return how many were made.

    Repeated calls go on where the last one ended.
    """
    with transaction.atomic():
        transaction_lock("accounts.fake_users_create")
        newest = User.objects.crowd().filter(crowd_source=FAKE_SOURCE).order_by("-crowd_key").first()
        first_key = 0 if newest is None or newest.crowd_key is None else newest.crowd_key + 1
        return _insert(source=FAKE_SOURCE, first_key=first_key, names=fake_names(first=first_key, total=total))


def fake_names(*, first: int, total: int) -> list[CrowdName]:
    """Return the invented names with the numbers ``first`` … ``first + total - 1``; equal numbers, equal names.

    Number n is a pair of the n-th first name and a last name that moves on by one each time the first names are
    exhausted, so pairs repeat only after all of them; from then on a counter follows the last name.
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


def _insert(*, source: str, first_key: int, names: Sequence[CrowdName]) -> int:
    password = make_password(None)
    created = 0
    with connection.cursor() as cursor:
        for start in range(0, len(names), _BATCH):
            batch = names[start : start + _BATCH]
            keys = list(range(first_key + start, first_key + start + len(batch)))
            columns = (
                [f"crowd:{source}:{key}" for key in keys],
                [name.first_name for name in batch],
                [name.last_name for name in batch],
                keys,
            )
            cursor.execute(_INSERT, [source, password, *columns, source])
            created += cursor.rowcount
    return created
