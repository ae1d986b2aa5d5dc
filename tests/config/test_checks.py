"""Settings that are each valid and wrong together."""

from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.test import override_settings

PROXY = ("HTTP_X_FORWARDED_PROTO", "https")
SOUND: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": ["localhost"],
    "SECURE_SSL_REDIRECT": False,
    "SECURE_PROXY_SSL_HEADER": None,
    "SECURE_HSTS_SECONDS": 0,
    "REDIS_URL": "",
}


@pytest.fixture(autouse=True)
def embedded_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "config.embedded_database")


@pytest.fixture
def database_server(embedded_database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")


def found_with(*, deployed: bool = False, **changes: Any) -> list[str]:
    """Return the ids that the project's own checks report for sound settings with ``changes``."""
    with override_settings(**{**SOUND, **changes}):
        messages = run_checks(tags=["security", "database"], databases=[], include_deployment_checks=deployed)
    return sorted(str(message.id) for message in messages if str(message.id).startswith("matinee."))


def test_sound_settings_pass() -> None:
    assert found_with() == []
    assert found_with(SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=PROXY, SECURE_HSTS_SECONDS=3600) == []


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"SECRET_KEY": "k" * 49}, ["matinee.E001"]),
        ({"SECRET_KEY": "change-me"}, ["matinee.E001"]),
        ({"SECRET_KEY": "short", "DEBUG": True}, []),
        ({"SECURE_SSL_REDIRECT": True}, ["matinee.E002"]),
        ({"ALLOWED_HOSTS": ["*"]}, ["matinee.W001"]),
        ({"SECURE_PROXY_SSL_HEADER": PROXY}, ["matinee.W002"]),
        ({"SECURE_HSTS_SECONDS": 3600}, ["matinee.W003"]),
        ({"DEBUG": True, "ALLOWED_HOSTS": ["localhost", "films.example.org"]}, ["matinee.W004"]),
        ({"DEBUG": True, "ALLOWED_HOSTS": ["*"]}, ["matinee.W004"]),
    ],
)
def test_a_bad_combination_is_reported_by_its_id(changes: dict[str, Any], ids: list[str]) -> None:
    assert found_with(**changes) == ids


def test_a_database_server_without_a_queue_server_is_reported_before_a_deployment(database_server: None) -> None:
    assert found_with() == []
    assert found_with(deployed=True) == ["matinee.W005"]
    assert found_with(deployed=True, REDIS_URL="redis://host") == []


def test_each_report_says_what_to_do() -> None:
    bad = {"SECRET_KEY": "x", "SECURE_SSL_REDIRECT": True, "ALLOWED_HOSTS": ["*"]}
    with override_settings(**{**SOUND, **bad}):
        messages = [m for m in run_checks(databases=[]) if str(m.id).startswith("matinee.")]
    assert len(messages) == 3
    assert all(message.hint for message in messages)
