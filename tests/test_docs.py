"""What the documentation says is what the code says: settings, defaults, commands, their help, links."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from digest.app.parts import theme_of
from digest.config import Settings
from digest.config.signup import Limit
from digest.config.template import settings_template
from digest.rendering.theme import Theme
from tests.support.command_page import HEAD, PAGE, command_page

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("subscribers/*.md")])
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text("utf-8")
TEMPLATE = settings_template("5" * 64, "6" * 64)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)

# These stand in the file with a value that says more than their default, which is empty.
SHOWN_BY_EXAMPLE = {"database.url"}

# Settings that are tables have variables for what is in them.
DEEPER = {"signing": "__1", "destinations": "__GOOGLE__PER_SECOND", "fallback": "__1__HOST"}


def settings() -> Iterator[tuple[str, str, object]]:
    """Group, key and default of every setting."""
    defaults = Settings()
    for group in Settings.model_fields:
        table = getattr(defaults, group)
        assert isinstance(table, BaseModel)
        for key in type(table).model_fields:
            yield group, key, getattr(table, key)


def shown(default: object) -> str:
    """A default as the page shows it: as TOML, or `unset`."""
    if default in (None, {}, ()) or isinstance(default, SecretStr):
        return "unset"
    return f"`{toml(default)}`"


def toml(value: object) -> str:
    """A default as one would write it into digest.toml."""
    if isinstance(value, tuple):
        return f"[{', '.join(toml(one) for one in value)}]"
    if isinstance(value, dt.timedelta):
        return json.dumps(span(value))
    if isinstance(value, Limit):
        return json.dumps(str(value))
    if isinstance(value, dt.time):
        return json.dumps(f"{value:%H:%M}")
    return json.dumps(value)


def span(value: dt.timedelta) -> str:
    """A span in the largest unit that fits it: `6 days`, and `8 weeks` from two weeks on."""
    seconds = int(value.total_seconds())
    for unit, size in (("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}{'s' * (seconds != size)}"
    raise ValueError(value)


def section(group: str) -> str:
    """The part of the settings page that is about one group."""
    match = re.search(rf"^## {group}$(.*?)(?=^## |\Z)", SETTINGS_PAGE, re.MULTILINE | re.DOTALL)
    assert match, f"docs/settings.md needs a section ## {group}"
    return match[1]


def anchors(page: Path) -> set[str]:
    """What links into a page may name: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("group", "key", "default"), list(settings()))
def test_every_setting_is_explained_with_its_default(group: str, key: str, default: object) -> None:
    """docs/settings.md has one row for each: key, default, variable, what for."""
    variable = f"DIGEST_{group}__{key}".upper() + DEEPER.get(key, "")
    row = f"| `{key}` | {shown(default)} | `{variable}` | "
    assert section(group).count(f"\n{row}") == 1, f"docs/settings.md needs a row {row}what for |"


def test_nothing_is_explained_that_is_no_setting() -> None:
    """A setting that went loses its row."""
    rows = [
        f"{group}.{key}"
        for group in re.findall(r"^## (\w+)$", SETTINGS_PAGE, re.MULTILINE)
        for key in re.findall(r"^\| `(\w+)` \|", section(group), re.MULTILINE)
    ]
    assert rows == [f"{group}.{key}" for group, key, _ in settings()]


def test_the_written_settings_file_shows_every_setting() -> None:
    """What `digest init` writes has a line for each key, in the group it belongs to."""
    names = set()
    group = ""
    for line in TEMPLATE.splitlines():
        group = match[1] if (match := re.match(r"\[([\w.]+)\]", line)) else group
        if match := re.match(r"(?:# )?(\w+) = ", line):
            names.add("keys.signing" if group == "keys.signing" else f"{group}.{match[1]}")
    assert names == {f"{group}.{key}" for group, key, _ in settings()}


def test_the_written_settings_file_shows_the_defaults() -> None:
    """With its comment signs taken away, the file says what would hold without it."""
    written = tomllib.loads(re.sub(r"(?m)^# (?=\w+ = )", "", TEMPLATE))
    for group, key, default in settings():
        name = f"{group}.{key}"
        if shown(default) != "unset" and name not in SHOWN_BY_EXAMPLE:
            parsed = Settings.model_validate({group: {key: written[group][key]}})
            assert getattr(getattr(parsed, group), key) == default, name


def test_the_looks_that_the_file_shows_are_those_that_hold() -> None:
    """Colours, typefaces and words: their defaults live with the rendering, which knows no settings."""
    written = tomllib.loads(re.sub(r"(?m)^# (?=\w+ = )", "", TEMPLATE))
    looks = {name: written[name] for name in ("theme", "theme_dark", "wording")}
    looks["theme"] = {key: value for key, value in looks["theme"].items() if not key.startswith("logo")}
    assert theme_of(Settings.model_validate(looks)) == Theme()
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for group, table in looks.items():
        for key, value in table.items():
            (row,) = (line for line in page.splitlines() if f"DIGEST_{group}__{key}`".upper() in line.upper())
            assert value in row or key == "text"


def test_the_commands_page_is_what_the_commands_say() -> None:
    """`make docs` renews the page."""
    assert PAGE.read_text("utf-8") == command_page(), "docs/commands.md is out of date: run `make docs`"


def test_the_commands_page_is_what_a_terminal_shows() -> None:
    """The page's way to the help and a terminal's give the same text."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("DIGEST_")}
    help_text = subprocess.run(
        [sys.executable, "-m", "digest", "edition", "edit", "--help"],
        env=environ | {"COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"```text\n{help_text}```\n" in command_page()
    assert command_page().startswith(HEAD)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files that pages link to exist, and so do the headings."""
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert target.is_relative_to(ROOT), f"{page.name} links out of the project: {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}, which is no heading there"


def test_the_index_names_every_page() -> None:
    """docs/README.md leads to each page in docs/."""
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    others = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"]
    assert [name for name in others if f"({name})" not in index] == []


def test_the_ladder_shown_is_the_ladder_held() -> None:
    """docs/how-it-works.md shows the layers that import-linter checks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    held = project["tool"]["importlinter"]["contracts"][0]["layers"]
    page = (ROOT / "docs" / "how-it-works.md").read_text("utf-8")
    block = re.search(r"## The import ladder.*?```text\n(.*?)```", page, re.DOTALL)
    assert block
    assert [re.split(r" {2,}", line)[0] for line in block[1].splitlines()] == held
