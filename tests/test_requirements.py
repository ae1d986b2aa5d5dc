"""The pinned lists: they install with every pip, whatever has been published since they were made."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from config.env import PROJECT_ROOT
from tests.wheels import source_write, wheel_write

# Each list, and the extras in pyproject.toml that it is made for.
LISTS = {
    "base.txt": (),
    "notebooks.txt": ("notebooks",),
    "dev.txt": ("notebooks", "dev"),
    "neural.txt": ("neural",),
    "spark.txt": ("spark",),
}


def pins_of(file: Path) -> list[Requirement]:
    """Return what a list pins; a package may be there once for each version of Python."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [Requirement(line.rstrip("\\ ")) for line in lines if "==" in line and line[0] not in " #-"]


def versions_of(file: Path) -> dict[str, set[str]]:
    """Return the versions that a list pins, each with the marker that says where it is meant."""
    versions: defaultdict[str, set[str]] = defaultdict(set)
    for pin in pins_of(file):
        versions[canonicalize_name(pin.name)].add(f"{pin.specifier} ; {pin.marker}")
    return dict(versions)


def own_requirements(file: Path) -> list[Requirement]:
    """Return what pyproject.toml names for a list."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"]]
    for extra in LISTS[file.name]:
        texts += project["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def asked_for(file: Path) -> Iterator[tuple[str, Requirement]]:
    """Yield who asks for what in a list, as the packages that are installed here and pyproject.toml have it."""
    yield from (("pyproject.toml", requirement) for requirement in own_requirements(file))
    for pin in pins_of(file):
        for requirement in requirements_of(pin.name):
            if is_meant(requirement, pin.extras):
                yield pin.name, requirement


def requirements_of(name: str) -> list[Requirement]:
    """Return what a package asks for with all its extras, nothing where it is not installed here."""
    try:
        texts = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    return [Requirement(text) for text in texts]


def is_meant(requirement: Requirement, extras: Iterable[str]) -> bool:
    """Say whether a package with these extras asks for it here."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def version_of(pin: Requirement) -> str:
    """Return the one version that a pin allows."""
    (specifier,) = pin.specifier
    return specifier.version


def copies_publish(index: Path, pins: Sequence[Requirement]) -> Iterator[tuple[Requirement, str]]:
    """Publish wheels without content for each pin and for a newer release; yields the pins with their checksums."""
    extras: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for pin in pins:
        extras[pin.name, version_of(pin)] |= pin.extras
    checksums = {}
    for (name, version), its_extras in extras.items():
        requires = [str(requirement) for requirement in requirements_of(name)]
        page = index / canonicalize_name(name)
        page.mkdir(parents=True, exist_ok=True)
        checksums[name, version] = wheel_write(page, name, version, requires=requires, extras=its_extras)
        newer = ".".join(str(number) for number in (*Version(version).release, 1))
        wheel_write(page, name, newer, requires=requires, extras=its_extras)
        links = (f'<a href="{wheel.name}">{wheel.name}</a>' for wheel in page.glob("*.whl"))
        (page / "index.html").write_text(f"<!DOCTYPE html>{'<br>'.join(links)}")
    yield from ((pin, checksums[pin.name, version_of(pin)]) for pin in pins)


@pytest.fixture(params=LISTS)
def pinned_list(request: pytest.FixtureRequest) -> Path:
    return PROJECT_ROOT / "requirements" / str(request.param)


def test_every_requirement_is_pinned_with_hashes_and_names_no_index(pinned_list: Path) -> None:
    text = pinned_list.read_text(encoding="utf-8")
    named = {canonicalize_name(requirement.name) for requirement in own_requirements(pinned_list)}
    assert named <= versions_of(pinned_list).keys()
    assert len(re.findall(r"==[^\n]*\\\n    --hash=sha256:", text)) == len(pins_of(pinned_list))
    assert "://" not in text
    assert "--index" not in text


def test_one_version_serves_everywhere(pinned_list: Path) -> None:
    here = versions_of(pinned_list)
    elsewhere = versions_of(PROJECT_ROOT / "requirements" / "dev.txt")
    shared = here.keys() & elsewhere.keys()
    assert shared >= versions_of(PROJECT_ROOT / "requirements" / "base.txt").keys()
    assert {name: here[name] for name in shared} == {name: elsewhere[name] for name in shared}


def test_all_that_packages_ask_for_is_pinned_with_the_same_extras(pinned_list: Path) -> None:
    """To an older pip `kombu` and `kombu[redis]`, both of which Celery asks for, are two packages."""
    pinned = {(canonicalize_name(pin.name), frozenset(pin.extras)) for pin in pins_of(pinned_list)}
    assert ("celery", frozenset({"redis"})) in pinned
    unpinned = {
        f"{asker} asks for {requirement}"
        for asker, requirement in asked_for(pinned_list)
        if (canonicalize_name(requirement.name), frozenset(requirement.extras)) not in pinned
    }
    assert unpinned == set()


@pytest.mark.slow
def test_a_list_installs_although_each_package_has_a_newer_release(pinned_list: Path, tmp_path: Path) -> None:
    """pip resolves copies of all packages that hold nothing but their metadata, with a newer release beside each."""
    pins = pins_of(pinned_list)
    copy = tmp_path / pinned_list.name
    index = tmp_path / "index"
    copy.write_text("\n".join(f"{pin} --hash=sha256:{checksum}" for pin, checksum in copies_publish(index, pins)))
    offline = ["--isolated", "--disable-pip-version-check", "--index-url", index.as_uri()]
    resolve = ["install", "--dry-run", "--ignore-installed", "--require-hashes", "--requirement", str(copy)]
    pip = subprocess.run([sys.executable, "-m", "pip", *resolve, *offline], capture_output=True, check=False, text=True)
    assert pip.returncode == 0, pip.stderr
    (would_install,) = re.findall(r"^Would install (.+)$", pip.stdout, flags=re.MULTILINE)
    expected = {f"{pin.name}-{version_of(pin)}" for pin in pins if pin.marker is None or pin.marker.evaluate()}
    assert {canonicalize_name(text) for text in would_install.split()} == {canonicalize_name(text) for text in expected}


def test_compiling_keeps_extras_and_takes_nothing_that_would_have_to_be_built(tmp_path: Path) -> None:
    """`make requirements`, offline, on a project whose dependency asks for an extra and has a newer source release."""
    index = tmp_path / "index"
    index.mkdir()
    (tmp_path / "requirements").mkdir()
    shutil.copy(PROJECT_ROOT / "requirements" / "plain_pins.py", tmp_path / "requirements")
    wheel_write(index, "fast", "1.0")
    wheel_write(index, "engine", "1.0", requires=["fast; extra == 'speed'"], extras=["speed"])
    wheel_write(index, "car", "1.0", requires=["engine[speed]>=1"])
    source_write(index, "engine", "2.0")
    source_write(index, "pyspark", "1.0")
    extras = "\n".join(f'{name} = ["car"]' for name in ("notebooks", "dev", "neural"))
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "p"\nversion = "1"\ndependencies = []\n'
        f'[project.optional-dependencies]\n{extras}\nspark = ["pyspark", "car"]\n'
    )
    shutil.copy(PROJECT_ROOT / "Makefile", tmp_path)
    make = [shutil.which("make") or "make", "-C", str(tmp_path), "--assume-old=environment/dev.installed"]
    variables = ["VENV=environment", f"PY={sys.executable}", f"ARGS=--no-index --find-links {index}"]
    made = subprocess.run([*make, "requirements", *variables], capture_output=True, check=False, text=True)
    assert made.returncode == 0, made.stderr
    pinned = {file: [str(pin) for pin in pins_of(tmp_path / "requirements" / file)] for file in LISTS}
    with_extra = ["car==1.0", "engine==1.0", "engine[speed]==1.0", "fast==1.0"]
    assert pinned == {
        "base.txt": [],
        "notebooks.txt": with_extra,
        "dev.txt": with_extra,
        "neural.txt": with_extra,
        "spark.txt": [*with_extra, "pyspark==1.0"],
    }


@pytest.mark.parametrize("file", [name for name in LISTS if name != "spark.txt"])
def test_a_list_says_itself_that_nothing_is_built_from_source(file: str) -> None:
    assert (PROJECT_ROOT / "requirements" / file).read_text(encoding="utf-8").startswith("--only-binary :all:\n")
