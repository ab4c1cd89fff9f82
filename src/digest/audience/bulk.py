"""Many good rows into the list at once, by the same SQL on both databases: who is new, and who stays out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    CursorResult,
    Integer,
    MetaData,
    ScalarSelect,
    String,
    Table,
    case,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from digest.audience.choices import CHOICE_COLUMNS, NONE, Choices
from digest.audience.models import Consent, Standing, Subscriber, Suppression
from digest.db import Database
from digest.db.filling import bound, filled
from digest.db.upserting import inserting

NEW, REPEATED, KNOWN, SUPPRESSED = "new", "repeated", "known", "suppressed"
CACHE: Final = 32 * 1024  # kibibytes: what SQLite keeps of the indexes while a file is imported
_OWN: Final = MetaData()
_READERS: Final = cast("Table", Subscriber.__table__)
_INCOMING: Final = Table(
    "incoming",
    _OWN,
    Column("number", Integer, nullable=False),
    Column("public_id", String, nullable=False),
    Column("email", String, nullable=False),
    Column("canonical", String, nullable=False),
    Column("address_hash", String, nullable=False),
    Column("name", String),
    Column("pending", Boolean(create_constraint=False), nullable=False),
    Column("times", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
_CHOSEN: Final = Table(
    "chosen",
    _OWN,
    Column("number", Integer, primary_key=True, autoincrement=False),
    *(Column(name, _READERS.c[name].type) for name in CHOICE_COLUMNS),
    prefixes=["TEMPORARY"],
)
_SEEN: Final = Table("seen", _OWN, Column("canonical", String, primary_key=True), prefixes=["TEMPORARY"])
_IN: Final = _INCOMING.c
_each: Final = attrgetter(*CHOICE_COLUMNS)


class Person(NamedTuple):
    """One address of a batch as the database takes it: its place in there, and how often it comes."""

    number: int
    public_id: str
    email: str
    canonical: str
    address_hash: str
    name: str | None
    pending: bool
    times: int


@dataclass(frozen=True, slots=True)
class Act:
    """What is the same for all of a file: when it began, how its people agreed, and what is told of that.

    `began` is the `created_at` of all whom it adds, by which an address that comes again later in the same
    file is told from one that was on the list before.
    """

    began: datetime
    now: datetime
    agreed: str
    asked: str


@dataclass(frozen=True, slots=True)
class Fates:
    """How many rows went which way, repetitions included; `asked` are those of `added` that must confirm."""

    added: int = 0
    asked: int = 0
    repeated: int = 0
    known: int = 0
    suppressed: int = 0


def take_in(
    session: Session,
    people: Sequence[Person],
    choices: Mapping[str, Choices],
    act: Act,
    meanwhile: Callable[[], None],
) -> tuple[Fates, list[int]]:
    """Add who is new; nobody is brought back. Gives the ids of those who must confirm as well.

    `choices` are those of some of them, by canonical address; whoever is no new reader keeps their own.
    Belongs into a write unit under the lock "subscribers". `meanwhile` is called where the database has the
    rows and works alone.
    """
    _make_room(session)
    with filled(session, _INCOMING, people), _chosen(session, people, choices) as chosen:
        before = session.scalar(select(func.max(Subscriber.id))) or 0
        meanwhile()
        new = _add(session, act, chosen)
        fates = _all_new(people) if new == len(people) else _fates(session, _fate_after(act, before))
    added = (Subscriber.id > before) & (Subscriber.created_at == act.began)
    _write_history(session, act, added)
    pending = select(Subscriber.id).where(added, Subscriber.status == Standing.PENDING)
    return fates, list(session.scalars(pending)) if fates.asked else []


@contextmanager
def trial(database: Database) -> Iterator[Session]:
    """A session for `tell`, whose connection notes who would have been added, and forgets that at the end."""
    with database.engine.connect() as connection:
        connection.detach()  # its temporary table goes with it
        with Session(connection) as session:
            session.execute(CreateTable(_SEEN))
            session.commit()
            yield session


def tell(session: Session, people: Sequence[Person], act: Act, meanwhile: Callable[[], None]) -> Fates:
    """What `take_in` would do; only temporary tables are written."""
    repeated = select(literal(REPEATED)).where(_SEEN.c.canonical == _IN.canonical).scalar_subquery()
    there = case((Subscriber.created_at == act.began, REPEATED), else_=KNOWN)
    known = select(there).where(Subscriber.canonical == _IN.canonical).scalar_subquery()
    fate = func.coalesce(repeated, known, _suppressed(), literal(NEW))
    with filled(session, _INCOMING, people):
        meanwhile()
        fates = _fates(session, fate)
        new = select(_IN.canonical).where(fate == NEW)
        session.execute(insert(_SEEN).from_select(["canonical"], new))
    session.commit()
    return fates


def _make_room(session: Session) -> None:
    """Let SQLite keep indexes in memory (by default it has 2 MB), and PostgreSQL not compile statements."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"PRAGMA cache_size = -{CACHE}"))
    else:
        session.execute(text("SET LOCAL jit = off"))


def _suppressed() -> ScalarSelect[str]:
    found = select(literal(SUPPRESSED)).where(Suppression.address_hash == _IN.address_hash)
    return found.scalar_subquery()


def _all_new(people: Sequence[Person]) -> Fates:
    times = sum(person.times for person in people)
    return Fates(len(people), sum(person.pending for person in people), times - len(people))


def _fate_after(act: Act, before: int) -> ColumnElement[str]:
    """What became of an address, where readers with ids above `before` have just been added."""
    mine = case((Subscriber.id > before, NEW), (Subscriber.created_at == act.began, REPEATED), else_=KNOWN)
    found = select(mine).where(Subscriber.canonical == _IN.canonical).scalar_subquery()
    return func.coalesce(found, literal(SUPPRESSED))


def _fates(session: Session, fate: ColumnElement[str]) -> Fates:
    each = select(fate.label("fate"), _IN.times, _IN.pending).subquery()
    pending = func.sum(case((each.c.pending, 1), else_=0))
    query = select(each.c.fate, func.count(), func.sum(each.c.times), pending).group_by(each.c.fate)
    found = {fate: (rows, times, asked) for fate, rows, times, asked in session.execute(query)}
    added, all_added, asked = found.get(NEW, (0, 0, 0))
    again, known, suppressed = (found.get(fate, (0, 0, 0))[1] for fate in (REPEATED, KNOWN, SUPPRESSED))
    return Fates(added, asked, again + all_added - added, known, suppressed)


@contextmanager
def _chosen(
    session: Session, people: Sequence[Person], choices: Mapping[str, Choices]
) -> Iterator[Mapping[str, ColumnElement[Any]]]:
    """What `people` had chosen, as columns for those who are new; none where nobody had."""
    if not choices:
        yield {}
        return
    rows = (
        (person.number, *_each(choices[person.canonical])) for person in people if person.canonical in choices
    )
    with filled(session, _CHOSEN, bound(session, _CHOSEN, rows)):
        yield {
            name: func.coalesce(_CHOSEN.c[name], default)
            for name, default in zip(CHOICE_COLUMNS, _each(NONE), strict=True)
        }


def _add(session: Session, act: Act, chosen: Mapping[str, ColumnElement[Any]]) -> int:
    """How many were new."""
    pending = _IN.pending
    values: dict[str, ColumnElement[Any]] = {
        "public_id": _IN.public_id,
        "email": _IN.email,
        "canonical": _IN.canonical,
        "name": _IN.name,
        "status": case((pending, _word(Standing.PENDING)), else_=_word(Standing.ACTIVE)),
        "created_at": literal(act.began, Subscriber.created_at.type),
        "requested_at": case((pending, literal(act.now, Subscriber.created_at.type))),
        "confirmed_at": case((~pending, literal(act.now, Subscriber.created_at.type))),
        "departures": literal(0),
        **chosen,
    }
    suppressed = Suppression.address_hash == _IN.address_hash
    # Asked once for all of them it costs little, and mostly there is none.
    there = ~exists().where(suppressed) if session.scalar(select(exists().where(suppressed))) else true()
    coming = _INCOMING.outerjoin(_CHOSEN, _CHOSEN.c.number == _IN.number) if chosen else _INCOMING
    rows = select(*values.values()).select_from(coming).where(there).order_by(_IN.number)
    adding = inserting(session, Subscriber).from_select(list(values), rows)
    adding = adding.on_conflict_do_nothing(index_elements=[Subscriber.canonical])
    result = session.execute(adding, execution_options={"preserve_rowcount": True})
    return cast("CursorResult[Any]", result).rowcount


def _write_history(session: Session, act: Act, added: ColumnElement[bool]) -> None:
    pending = Subscriber.status == Standing.PENDING
    values: dict[str, ColumnElement[Any]] = {
        "subscriber_id": Subscriber.id.expression,
        "at": literal(act.now, Consent.at.type),
        "event": case((pending, "requested"), else_="imported"),
        "source": case((pending, act.asked), else_=act.agreed),
    }
    rows = select(*values.values()).where(added).order_by(Subscriber.id)
    session.execute(insert(Consent).from_select(list(values), rows))


def _word(standing: Standing) -> ColumnElement[Standing]:
    return literal(standing, Subscriber.status.type)
