import pytest

from postgres.locks import session_lock, session_lock_is_held

NAMESPACE = 0x7465_7374
pytestmark = pytest.mark.django_db(transaction=True)


def test_session_lock_has_one_holder_and_reports_since_when() -> None:
    with session_lock(NAMESPACE, 1) as first, session_lock(NAMESPACE, 1) as second, session_lock(NAMESPACE, 2) as other:
        assert (first, other) == (None, None)
        assert second is not None
        assert session_lock_is_held(NAMESPACE, 1)

    assert not session_lock_is_held(NAMESPACE, 1)
