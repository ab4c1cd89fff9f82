"""The consent history: entries are added, and what they say stays; but for the network address, in time."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

import digest
from digest.audience import consent
from digest.audience.models import Consent
from digest.db import Database
from tests.support.tables import NOW, add_subscriber

DAY = timedelta(days=1)
PACKAGE = Path(digest.__file__).parent
# What may change entries: the address's expiry, and erasing all of a person.
ALLOWED = {"audience/consent.py", "audience/erasing.py"}


def clients(database: Database) -> list[str | None]:
    """What the entries say of where they came from."""
    with database.read() as session:
        return list(session.scalars(select(Consent.client).order_by(Consent.id)))


def test_the_network_address_is_forgotten(database: Database) -> None:
    """Once it is old enough, in bounded numbers, and nothing else of the entry."""
    with database.write() as session:
        ann = add_subscriber(session, "ann@example.org")
        for days in (40, 31, 29, 0):
            consent.record(session, ann, "requested", "form", NOW - days * DAY, client=f"hash{days}")
        consent.record(session, ann, "confirmed", "link", NOW - 50 * DAY, note="said so")
    with database.write() as session:
        assert consent.forget_clients(session, NOW - 30 * DAY) == 2
        assert consent.forget_clients(session, NOW - 30 * DAY) == 0
    assert clients(database) == [None, None, "hash29", "hash0", None]
    with database.read() as session:
        kept = session.execute(select(Consent.event, Consent.source, Consent.note).order_by(Consent.id)).all()
    assert [tuple(row) for row in kept] == [("requested", "form", None)] * 4 + [
        ("confirmed", "link", "said so")
    ]


def test_many_are_forgotten_in_batches(database: Database) -> None:
    """So that no write unit is long."""
    number = consent.FORGOTTEN_AT_ONCE + 5
    with database.write() as session:
        ann = add_subscriber(session, "ann@example.org")
        session.add_all(
            Consent(subscriber_id=ann.id, at=NOW, event="requested", source="form", client="hash")
            for _ in range(number)
        )
    done: list[int] = []
    while not done or done[-1]:
        with database.write() as session:
            done.append(consent.forget_clients(session, NOW + DAY))
    assert done == [consent.FORGOTTEN_AT_ONCE, 5, 0]


def changes(tree: ast.AST) -> list[str]:
    """Where a module updates or deletes consents, by statement or by SQL text."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in ("update", "delete"):
            found += [f"line {node.lineno}" for one in node.args if _name(one) in ("Consent", "CONSENTS")]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.upper().split()
            found += [f"line {node.lineno}"] * (
                {"CONSENTS"} < set(words) and words[0] in ("UPDATE", "DELETE")
            )
    return found


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_nothing_else_changes_an_entry() -> None:
    """No other module has a statement that could."""
    assert changes(ast.parse("session.execute(update(Consent).values(source=''))"))
    assert changes(ast.parse("session.execute(text('DELETE FROM consents'))"))
    places = {
        path.relative_to(PACKAGE).as_posix(): changes(ast.parse(path.read_text("utf-8")))
        for path in PACKAGE.rglob("*.py")
    }
    assert {place for place, lines in places.items() if lines} <= ALLOWED
    assert places["audience/consent.py"]
