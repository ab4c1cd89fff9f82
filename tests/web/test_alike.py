"""Nobody learns from the form who is on the list: not by its answer, and not by its work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, update
from starlette.testclient import TestClient

from digest.audience.addresses import read_address
from digest.audience.models import Standing, Subscriber
from digest.delivery.models import Delivery, State
from tests.web.conftest import NOW, Backstage

KINDS = (
    "new",
    "pending",
    "waiting",
    "active",
    "left",
    "bounced",
    "complained",
    "suppressed",
    "erased",
    "capped",
)


def people(client: TestClient, backstage: Backstage) -> None:
    """One address of every kind."""
    backstage.request("pending@example.org")
    backstage.join("active@example.org")
    client.post(f"/unsubscribe/{backstage.join('left@example.org')}")
    for kind in ("bounced", "complained"):
        backstage.join(f"{kind}@example.org")
    for _ in range(3):
        backstage.request("capped@example.org")
        all_sent(backstage)
    backstage.request("waiting@example.org")
    with backstage.app.database.write() as session:
        for kind, reason in (("complained", "complaint"), ("suppressed", "operator"), ("erased", "erased")):
            backstage.app.suppressions.suppress(
                session, read_address(f"{kind}@example.org"), reason, "test", NOW
            )
        bounced = update(Subscriber).where(Subscriber.canonical == "bounced@example.org")
        session.execute(bounced.values(status=Standing.BOUNCED))


def all_sent(backstage: Backstage) -> None:
    """What was owed has gone out."""
    with backstage.app.database.write() as session:
        session.execute(update(Delivery).values(state=State.SENT, due_at=None))


def fields(kind: str) -> dict[str, str]:
    """What is typed for an address of this kind; a program fills in too much."""
    trap = {"website": "https://spam.example"} if kind == "trapped" else {}
    return {"email": f"{kind}@example.org", "name": "Ann", "form": "page", **trap}


def test_the_answer_tells_nobody_apart(client: TestClient, backstage: Backstage) -> None:
    """The very same page and headers for everybody; standings change only where they may."""
    people(client, backstage)
    answers = [client.post("/subscribe", data=fields(kind)) for kind in (*KINDS, "trapped")]
    seen = {(answer.status_code, answer.text, repr(answer.headers)) for answer in answers}
    assert len(seen) == 1
    standings = {"left": "unsubscribed", "complained": "complained", "bounced": "bounced", "new": "pending"}
    assert {kind: backstage.status(f"{kind}@example.org") for kind in standings} == standings
    emails = {row.split(", ")[2] for row in backstage.rows()["subscribers"]}
    assert not {"'suppressed@example.org'", "'trapped@example.org'"} & emails
    assert "'erased@example.org'" in emails


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The kind and the table of every statement that runs meanwhile, commits among them."""
    seen: list[str] = []

    def keep(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(kind_of(statement))

    def commit(_connection: object) -> None:
        seen.append("COMMIT")

    event.listen(engine, "before_cursor_execute", keep)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", keep)
        event.remove(engine, "commit", commit)


def kind_of(statement: str) -> str:
    """`INSERT subscribers`, `SELECT deliveries`; keeping and undoing a savepoint are one kind."""
    if "SAVEPOINT" in statement:
        return "SAVEPOINT" if statement.startswith("SAVEPOINT") else "end of SAVEPOINT"
    table = re.search(r"(?:INTO|FROM|UPDATE) (\w+)", statement)
    return f"{statement.split(maxsplit=1)[0]} {table[1] if table else ''}".strip()


@pytest.mark.parametrize("accepted", ["en", "de"])
@pytest.mark.parametrize("kind", [*KINDS, "trapped"])
def test_the_work_tells_nobody_apart(
    client: TestClient, backstage: Backstage, kind: str, accepted: str
) -> None:
    """The same statements in the same order, and as many commits, whatever is kept of it."""
    people(client, backstage)
    asked = {"Accept-Language": accepted}
    with statements(backstage.app.database.engine) as usual:
        client.post("/subscribe", data=fields("somebody"), headers=asked)
    with statements(backstage.app.database.engine) as seen:
        client.post("/subscribe", data=fields(kind), headers=asked)
    assert seen == usual
    assert seen.count("INSERT allowances") == 6
    assert seen.count("COMMIT") >= 2
    for table in ("subscribers", "wordings", "consents", "mailings", "deliveries"):
        assert seen.count(f"INSERT {table}") == 1
