"""The readers of environment variables."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import (
    PROJECT_ROOT,
    read_boolean,
    read_choice,
    read_directory,
    read_integer,
    read_list,
    read_secret_key,
    read_text,
    read_time_zone,
)


@pytest.mark.parametrize("text", ["0", "false", "False", "no", "off"])
def test_a_no_is_false_with_any_default(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SWITCH", text)
    assert read_boolean("SWITCH", default=True) is False


@pytest.mark.parametrize("text", ["1", "true", "True", "yes", "on"])
def test_a_yes_is_true_with_any_default(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SWITCH", text)
    assert read_boolean("SWITCH", default=False) is True


@pytest.mark.parametrize("text", ["maybe", "2", "", "truee"])
def test_a_boolean_that_is_neither_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SWITCH", text)
    with pytest.raises(ImproperlyConfigured, match=rf"^SWITCH must be true or false, not '{text}'\.$"):
        read_boolean("SWITCH", default=False)


@pytest.mark.parametrize("text", ["80.5", "many", "-1", "0"])
def test_a_number_outside_its_range_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COUNT", text)
    with pytest.raises(ImproperlyConfigured, match=rf"^COUNT must be a whole number of at least 1, not '{text}'\.$"):
        read_integer("COUNT", default=5, minimum=1)


def test_unset_variables_take_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABSENT", raising=False)
    assert read_boolean("ABSENT", default=True) is True
    assert read_integer("ABSENT", default=7) == 7
    assert read_text("ABSENT", default="text") == "text"
    assert read_list("ABSENT", default=["a"]) == ["a"]
    assert read_choice("ABSENT", default="INFO", choices=["INFO"]) == "INFO"
    assert read_directory("ABSENT", default=Path("/somewhere")) == Path("/somewhere")


def test_a_list_is_split_at_commas_and_blanks_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTS", " films.example.org, ,localhost,")
    assert read_list("HOSTS", default=[]) == ["films.example.org", "localhost"]


def test_a_choice_may_be_in_lower_case_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEVEL", "debug")
    assert read_choice("LEVEL", default="INFO", choices=["DEBUG", "INFO"]) == "DEBUG"
    monkeypatch.setenv("LEVEL", "loud")
    with pytest.raises(ImproperlyConfigured, match=r"^LEVEL must be one of DEBUG, INFO, not 'loud'\.$"):
        read_choice("LEVEL", default="INFO", choices=["DEBUG", "INFO"])


@pytest.mark.parametrize("text", ["Nowhere", "../../etc/passwd", "Europe/"])
def test_an_unknown_time_zone_is_an_error_that_names_the_variable(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ZONE", text)
    with pytest.raises(ImproperlyConfigured, match=r"^ZONE must be a time zone like Europe/Prague"):
        read_time_zone("ZONE", default="UTC")


def test_a_relative_folder_counts_from_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLDER", "data/here")
    assert read_directory("FOLDER", default=Path("/")) == PROJECT_ROOT / "data" / "here"
    monkeypatch.setenv("FOLDER", "/data")
    assert read_directory("FOLDER", default=Path("/")) == Path("/data")


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from the file\n")
    monkeypatch.delenv("PASSWORD", raising=False)
    monkeypatch.setenv("PASSWORD_FILE", str(tmp_path / "password"))
    assert read_text("PASSWORD", default="") == "from the file"


def test_a_secret_file_that_cannot_be_read_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("PASSWORD", raising=False)
    monkeypatch.setenv("PASSWORD_FILE", str(tmp_path / "absent"))
    with pytest.raises(ImproperlyConfigured, match=r"^PASSWORD_FILE must name a readable file, not '.*absent'\.$"):
        read_text("PASSWORD", default="")


def test_a_secret_key_is_made_once_kept_and_readable_by_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("SECRET_KEY_FILE", raising=False)
    first = read_secret_key(tmp_path / "var")
    assert len(first) >= 50
    assert read_secret_key(tmp_path / "var") == first
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert read_secret_key(tmp_path / "other") != first


def test_a_given_secret_key_wins_and_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "given")
    assert read_secret_key(tmp_path / "var") == "given"
    assert not (tmp_path / "var").exists()
