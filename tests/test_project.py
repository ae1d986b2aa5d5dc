"""Facts about the project as a whole: its lists agree with its code, and nothing strange lies in its tree."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from config.env import PROJECT_ROOT

COMPOSE_FILES = ("docker-compose.yml", "docker-compose.development.yml")


def variables_read_by_settings() -> set[str]:
    """Return each name that some `read_…("NAME", …)` in the sources asks the environment for."""
    names = set()
    for path in (PROJECT_ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=function), args=[ast.Constant(value=str(name)), *_]):
                    if function.startswith("read_"):
                        names.add(name)
                case _:
                    pass
    return names | {"SECRET_KEY"}


def variables_read_by_compose() -> set[str]:
    """Return each name that the compose files take from the environment."""
    text = "".join((PROJECT_ROOT / name).read_text(encoding="utf-8") for name in COMPOSE_FILES)
    return set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))


def tracked_files() -> list[Path]:
    """Return the files that git knows; tests that need them are skipped in a copy without git."""
    git = ["git", "-c", "safe.directory=*", "-C", str(PROJECT_ROOT), "ls-files", "-z"]
    try:
        listed = subprocess.run(git, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this copy of the project is no git checkout")
    return [PROJECT_ROOT / name for name in listed.split("\0") if name]


def test_the_example_environment_lists_exactly_the_variables_that_are_read() -> None:
    text = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^(?:# )?([A-Z][A-Z_]*)=", text, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == variables_read_by_settings() | variables_read_by_compose()


def test_the_configuration_page_lists_exactly_the_variables_that_are_read() -> None:
    text = (PROJECT_ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([A-Z_]+)` \|", text, flags=re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == variables_read_by_settings() | variables_read_by_compose()


def test_no_tracked_file_is_large() -> None:
    assert [path.name for path in tracked_files() if path.is_file() and path.stat().st_size > 2_000_000] == []


def test_pages_load_nothing_from_elsewhere() -> None:
    loads = re.compile(r"""(?:<script[^>]+src|<link[^>]+href|@import|url\()\s*=?\s*["'(]?\s*(?:https?:)?//""")
    pages = [path for path in (PROJECT_ROOT / "src").rglob("*") if path.suffix in {".html", ".css"}]
    assert [str(path) for path in pages if loads.search(path.read_text(encoding="utf-8"))] == []


def options_of(command: BaseCommand) -> set[str]:
    """Return the long options that a command takes."""
    parser = command.create_parser("manage.py", "command")
    return {text for action in parser._actions for text in action.option_strings if text.startswith("--")}


def test_the_readme_lists_our_commands_with_all_their_options() -> None:
    text = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)([^`]*)` \|", text, flags=re.MULTILINE)
    listed = {name: set(re.findall(r"--[a-z-]+", usage)) for name, usage in rows if name != "createsuperuser"}
    usual = options_of(BaseCommand())
    ours = {
        name: options_of(load_command_class(app, name)) - usual
        for name, app in get_commands().items()
        if app in {"accounts", "movies", "importing", "sample", "pipeline"}
    }
    assert listed == ours


def test_make_describes_every_target() -> None:
    text = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.findall(r"^\.PHONY: (.+)$", text, flags=re.MULTILINE)[0].split()) - {"port-free"}
    make_help = [shutil.which("make") or "make", "--no-print-directory", "-C", str(PROJECT_ROOT), "help"]
    listed = subprocess.run(make_help, capture_output=True, check=True, text=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) +\S", listed, flags=re.MULTILINE)) == phony
