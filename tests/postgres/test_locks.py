import pytest
from django.db import connection, transaction

from postgres.locks import session_lock, session_lock_is_held, transaction_lock_try

NAMESPACE = 0x7465_7374
pytestmark = pytest.mark.django_db(transaction=True)


def test_session_lock_has_one_holder_at_a_time_and_tells_since_when() -> None:
    with session_lock(NAMESPACE, 1) as first, session_lock(NAMESPACE, 1) as second, session_lock(NAMESPACE, 2) as other:
        assert (first, other) == (None, None)
        assert second is not None
        assert session_lock_is_held(NAMESPACE, 1)

    assert not session_lock_is_held(NAMESPACE, 1)


def test_transaction_lock_is_refused_while_another_session_holds_it_and_ends_with_the_transaction() -> None:
    session = connection.copy()
    try:
        with session.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [NAMESPACE])
            with transaction.atomic():
                assert not transaction_lock_try(NAMESPACE)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [NAMESPACE])
            with transaction.atomic():
                assert transaction_lock_try(NAMESPACE)
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [NAMESPACE])
            assert cursor.fetchone() == (True,)
    finally:
        session.close()
