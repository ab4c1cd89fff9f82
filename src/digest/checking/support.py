"""Which mail programs will show the mail differently, by what caniemail.com has measured."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from digest.checking.findings import Finding, Level
from digest.checking.page import Page
from digest.checking.usage import usage

CHECK = "support"
TABLE = Path(__file__).with_name("caniemail.json")
LONGEST_NOTE = 160


@cache
def table() -> Mapping[str, Any]:
    """The table that tests/support/caniemail_table.py writes."""
    return dict(json.loads(TABLE.read_text(encoding="utf-8")))


def check_support(page: Page) -> Iterator[Finding]:
    """A note with a line for each feature in use that some program does not know; a good mail bears it."""
    used, known = usage(page), table()
    partly = [one for one in known["features"] if used.intersection(one["looks_for"])]
    if not partly:
        yield Finding(CHECK, Level.OK, "every mail program knows all that the mail uses")
        return
    lines = tuple(_line(one, known) for one in sorted(partly, key=_weight))
    message = (
        f"{len(lines):,} features in use differ between mail programs (caniemail.com, {known['updated']})"
    )
    yield Finding(CHECK, Level.NOTE, message, lines)


def _weight(feature: Mapping[str, Any]) -> tuple[int, str]:
    """What most programs lack comes first."""
    return (-sum(map(len, feature["no"].values())), feature["title"])


def _line(feature: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    parts = []
    if feature["no"]:
        parts.append(f"not in {_programs(feature['no'], known)}")
    if feature["part"]:
        parts.append(f"only in part in {_programs(feature['part'], known)}")
    line = f"{feature['title']}: {'; '.join(parts)}"
    notes = " ".join(feature["notes"].values())
    shown = f"{notes[: LONGEST_NOTE - 1]}…" if len(notes) > LONGEST_NOTE else notes
    return f"{line} – {shown}" if shown else line


def _programs(places: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """`Outlook (Windows, classic; Windows Mail), Yahoo! Mail`: no brackets where it is all of a family."""
    return ", ".join(
        known["families"][family]
        + ("" if everywhere()[family] <= set(platforms) else _on(family, platforms, known))
        for family, platforms in places.items()
    )


def _on(family: str, platforms: Iterable[str], known: Mapping[str, Any]) -> str:
    names = known["platforms"]
    return f" ({'; '.join(names.get(f'{family}.{one}', names[one]) for one in platforms)})"


@cache
def everywhere() -> Mapping[str, frozenset[str]]:
    """Each family's platforms, as far as the table names them."""
    found: dict[str, set[str]] = {}
    for feature in table()["features"]:
        for family, platforms in (*feature["no"].items(), *feature["part"].items()):
            found.setdefault(family, set()).update(platforms)
    return {family: frozenset(platforms) for family, platforms in found.items()}
