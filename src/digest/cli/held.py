"""What is held on one person, in sections for whoever reads it at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SECTIONS = frozenset({"suppression", "consent", "mail", "next_edition"})


def as_text(held: Mapping[str, Any]) -> str:
    """The values of `digest subscribers show --json`, to be read."""
    return "\n".join(_lines(held))


def _lines(held: Mapping[str, Any]) -> Iterator[str]:
    yield held["email"]
    yield from _values({name: value for name, value in held.items() if name not in SECTIONS | {"email"}})
    coming = held["next_edition"]
    yield from ("", "Next edition")
    yield f"  {coming['key']}, {coming['at']}: {'yes' if coming['gets'] else 'no'}, {coming['why']}"
    if suppression := held["suppression"]:
        yield from ("", "Suppression", f"  {suppression['reason']}, since {suppression['at']}")
    yield from _listed("Consent history", held.get("consent", ()), _consent)
    yield from _listed("Mail", held.get("mail", ()), _mail)


def _values(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if value is not None:
            shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
            yield f"  {name.replace('_', ' '):<22} {printable(shown)}"


def _listed(title: str, entries: Sequence[Mapping[str, Any]], lines: Any) -> Iterator[str]:
    if entries:
        yield from ("", title)
        for entry in entries:
            yield from (f"  {line}" for line in lines(entry))


def _consent(entry: Mapping[str, Any]) -> Iterator[str]:
    yield f"{entry['at']}  {entry['event']}, {printable(entry['source'])}"
    if entry["note"]:
        yield f"    note: {printable(entry['note'])}"
    if entry["wording"]:
        yield f"    words: {printable(entry['wording_text'] or 'SHA-256 ' + entry['wording'])}"


def _mail(entry: Mapping[str, Any]) -> Iterator[str]:
    what = entry["edition"] or entry["notice"]
    to = f" to {entry['to']}" if entry["to"] else ""
    detail = f" ({printable(entry['detail'])})" if entry["detail"] else ""
    yield f"{entry['changed_at']}  {what}{to}: {entry['state']}{detail}"
    for one in entry["tries"]:
        said = " ".join(str(part) for part in (one["code"], one["reply"]) if part)
        yield f"    {one['at']}  {one['result']}: {printable(said)}"


def printable(value: object) -> str:
    """In one line, without what would steer a terminal: names and replies come from strangers."""
    line = " ".join(str(value).split())
    return "".join(character if character.isprintable() else "\ufffd" for character in line)
