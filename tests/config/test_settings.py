"""Settings as the environment makes them: each case runs the settings module anew, beside the one in use."""

import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import PROJECT_ROOT

Settings = Callable[..., dict[str, Any]]


@pytest.fixture
def settings_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Return the settings that a bare environment with the given variables makes."""
    for name in ("DATABASE_URL", "REDIS_URL", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "HTTPS", "EMAIL_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))

    def run(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(PROJECT_ROOT / "src" / "config" / "settings.py"))

    return run


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"DEBUG": "maybe"}, "DEBUG must be true or false, not 'maybe'."),
        ({"HTTPS": "2"}, "HTTPS must be true or false, not '2'."),
        ({"DATABASE_URL": "mysql://host/films"}, "DATABASE_URL must"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must"),
        ({"EMAIL_PORT": "smtp"}, "EMAIL_PORT must be a whole number of at least 0, not 'smtp'."),
        ({"HSTS_SECONDS": "-1"}, "HSTS_SECONDS must be a whole number of at least 0, not '-1'."),
        ({"TIME_ZONE": "Mars"}, "TIME_ZONE must be a time zone like Europe/Prague, not 'Mars'."),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of"),
        ({"SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY_FILE must name a readable file, not '/nowhere'."),
    ],
)
def test_a_wrong_variable_is_an_error_that_names_it(
    settings_with: Settings, variables: dict[str, str], message: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        settings_with(**variables)
    assert str(error.value).startswith(message)


def test_debug_is_off_by_default_and_for_zero(settings_with: Settings) -> None:
    assert settings_with()["DEBUG"] is False
    assert settings_with(DEBUG="0")["DEBUG"] is False
    assert settings_with(DEBUG="1")["DEBUG"] is True


def test_all_files_are_written_under_var_dir(settings_with: Settings, tmp_path: Path) -> None:
    settings = settings_with()
    for name in ("EXPORTS_DIR", "MODELS_DIR", "STATIC_ROOT", "EMAIL_FILE_PATH"):
        assert settings[name].is_relative_to(tmp_path), name


def test_a_database_address_is_taken_apart(settings_with: Settings) -> None:
    database = settings_with(DATABASE_URL="postgres://me:p%40ss@db.example.org:5433/films")["DATABASES"]["default"]
    found = {name: database[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    assert found == {"HOST": "db.example.org", "PORT": 5433, "USER": "me", "PASSWORD": "p@ss", "NAME": "films"}


def test_queue_and_cache_use_two_databases_of_the_redis_that_is_named(settings_with: Settings) -> None:
    settings = settings_with(REDIS_URL="redis://queue.example.org:6380/2")
    assert settings["CELERY_BROKER_URL"] == "redis://queue.example.org:6380/2"
    assert settings["CACHES"]["default"]["LOCATION"] == "redis://queue.example.org:6380/3"


def test_https_makes_cookies_secure_and_redirects(settings_with: Settings) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    assert [settings_with()[name] for name in names] == [False] * 3
    assert [settings_with(HTTPS="true")[name] for name in names] == [True] * 3


def test_emails_go_to_files_until_a_mail_server_is_named(settings_with: Settings) -> None:
    assert settings_with()["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert settings_with(EMAIL_HOST="mail.example.org")["EMAIL_BACKEND"].endswith(".smtp.EmailBackend")


def test_commands_say_what_is_wrong_in_one_line_and_fail() -> None:
    done = subprocess.run(
        [sys.executable, PROJECT_ROOT / "src" / "manage.py", "migrate"],
        env={**os.environ, "DEBUG": "maybe"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "Settings: DEBUG must be true or false, not 'maybe'.\n"
