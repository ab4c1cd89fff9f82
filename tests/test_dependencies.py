"""What pyproject.toml asks for is what docs/dependencies.md explains and requirements.lock pins."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = re.compile(r"^- `(?P<name>[^`]+)`: (?P<why>\S.*)$", re.MULTILINE)
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==", re.MULTILINE)


def canonical(requirement: str) -> str:
    """The name in a requirement, as indexes compare it: `psycopg[binary]>=3.3` is `psycopg`."""
    match = re.match(r"[A-Za-z0-9][\w.-]*", requirement)
    assert match, f"no name in {requirement!r}"
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def declared() -> list[str]:
    """Every dependency pyproject.toml names, of whatever purpose, once."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lists = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    return sorted({canonical(item) for entries in lists for item in entries if isinstance(item, str)})


def explained() -> list[str]:
    """Every dependency docs/dependencies.md gives a line to, in its order."""
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    return [canonical(match["name"]) for match in EXPLAINED.finditer(text)]


def pinned() -> dict[str, str]:
    """Each package in requirements.lock with its entry: the pin and the lines below it."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    starts = [*PINNED.finditer(lock)]
    ends = [match.start() for match in starts[1:]] + [len(lock)]
    return {
        canonical(match["name"]): lock[match.start() : end] for match, end in zip(starts, ends, strict=True)
    }


@pytest.mark.parametrize("name", declared())
def test_a_declared_dependency_is_explained_once_and_pinned(name: str) -> None:
    """Each dependency has exactly one line that says why it is there, and a pin."""
    assert explained().count(name) == 1, f"docs/dependencies.md needs one line `- `{name}`: why`"
    assert name in pinned(), f"requirements.lock lacks {name}: run `make lock`"


def test_nothing_is_explained_that_is_not_declared() -> None:
    """A dependency that was dropped loses its line as well."""
    assert sorted(set(explained()) - set(declared())) == []


def test_every_pin_has_a_hash() -> None:
    """pip checks what it downloads only against hashes that are there."""
    entries = pinned()
    assert entries
    assert [name for name, entry in entries.items() if "--hash=sha256:" not in entry] == []


def test_the_lock_names_no_registry() -> None:
    """Where packages come from is the business of the machine that installs them."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert not re.search(r"^--?(i|f|index-url|extra-index-url|find-links)\b", lock, re.MULTILINE)
