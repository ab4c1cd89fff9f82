"""The pace of sending, held by the database, so that restarts and other workers keep to it as well.

Slots are handed out by virtual scheduling (GCRA, ITU-T I.371): each mail takes the time that one is worth,
the next begins where that ends, and what was not used is gone. Nobody may catch up, so there are no bursts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from digest.config.smtp import OTHERS, Smtp
from digest.db.upserting import inserting
from digest.delivery.destinations import group_by_domain
from digest.delivery.models import Pace

HORIZON = timedelta(seconds=1)  # slots are handed out so far ahead
SKEW = timedelta(minutes=1)  # by which the clocks of several machines may differ
DAY = timedelta(days=1)
ALL = "all"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many mails a second and an hour, evenly spread; None is no limit."""

    per_second: float | None = None
    per_hour: float | None = None

    @property
    def slot(self) -> timedelta:
        """The time from one mail to the next, rounded up; zero without a limit."""
        a_second = 1 / self.per_second if self.per_second else 0.0
        an_hour = 3600 / self.per_hour if self.per_hour else 0.0
        return timedelta(microseconds=math.ceil(round(max(a_second, an_hour) * 1_000_000, 3)))


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast mail may go: all of it, to each destination, and in the first days of a new sender.

    `destinations` is by group, by domain, or `*` for each other one; `groups` is the group of a domain.
    `warm_up` is how many mails may go on the first day on which anything is sent, on the second, and so on.
    """

    total: Rate = Rate()
    destinations: Mapping[str, Rate] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    warm_up: tuple[int, ...] = ()

    @property
    def unlimited(self) -> bool:
        """Whether nobody need ask."""
        return not (self.total.slot or self.destinations or self.warm_up)

    @property
    def at_once(self) -> int | None:
        """How many slots there are at most to ask for; None without a limit."""
        return HORIZON // self.total.slot + 2 if self.total.slot else None

    def towards(self, domain: str) -> tuple[str, Rate] | None:
        """The destination that `domain` (lower-case ASCII) counts for, with its rate; None without one."""
        group = self.groups.get(domain, domain)
        for name in (domain, group):
            if name in self.destinations:
                return name, self.destinations[name]
        return (group, self.destinations[OTHERS]) if OTHERS in self.destinations else None


UNLIMITED = Pacing()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One delivery that wants to go: its reader's domain, and whether somebody waits for it (a notice)."""

    domain: str
    notice: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """Granted: it may go `wait` after the moment of asking. Not granted: ask again after `wait`.

    `at_all`: not its destination alone is what holds it, and nobody behind it can go either, notices aside.
    """

    granted: bool
    wait: timedelta = timedelta()
    at_all: bool = False


def make_pacing(smtp: Smtp) -> Pacing:
    """The pace that the settings ask for."""
    destinations = smtp.destinations.items()
    return Pacing(
        total=Rate(smtp.per_second, smtp.per_hour),
        destinations={name: Rate(one.per_second, one.per_hour) for name, one in destinations},
        groups=group_by_domain({name: one.domains for name, one in destinations}),
        warm_up=smtp.warm_up,
    )


def reserve(
    session: Session,
    pacing: Pacing,
    wanted: Sequence[Wanted],
    now: datetime,
    queues: dict[str, datetime] | None = None,
) -> list[Turn]:
    """Hand out the next slots to deliveries in the order of their claim; the turns are in the same order.

    `now` is real time. `queues` remembers from call to call how long the lines are in which nobody has
    reserved, lest all of a long one be given the same few turns. A slot is used up at the commit whatever
    happens afterwards: a crash makes us slower, never faster. Inside a write unit; other workers wait for its
    end.
    """
    towards = [pacing.towards(one.domain) for one in wanted]
    rates = _rates(pacing, towards)
    if not (rates and wanted):
        return [Turn(granted=True)] * len(wanted)
    rows, queues = _locked(session, rates, now), {} if queues is None else queues
    lines = _lines(rates, rows, queues, now)
    total = lines.get(ALL) or Line(timedelta(), now, now, now)
    ramp = Ramp.read(pacing.warm_up, rows.get(ALL), now)
    turns = [
        decide(one.notice, total, lines[_towards(to[0])] if to else None, ramp, now)
        for one, to in zip(wanted, towards, strict=True)
    ]
    _write_back(lines, ramp, rows, queues)
    session.flush()
    return turns


def _towards(destination: str) -> str:
    """The name of its row."""
    return f"to {destination}"


def _rates(pacing: Pacing, towards: Iterable[tuple[str, Rate] | None]) -> dict[str, Rate]:
    """Every pace that has a say, by the name of its row."""
    rates = {_towards(name): rate for name, rate in filter(None, towards)}
    if pacing.total.slot or pacing.warm_up:
        rates[ALL] = pacing.total
    return rates


def _lines(
    rates: Mapping[str, Rate], rows: Mapping[str, Pace], queues: Mapping[str, datetime], now: datetime
) -> dict[str, Line]:
    """Where each line stands."""
    return {
        name: Line(rate.slot, rows[name].free_at, now, queues.get(name, now)) for name, rate in rates.items()
    }


def _write_back(
    lines: Mapping[str, Line], ramp: Ramp, rows: Mapping[str, Pace], queues: dict[str, datetime]
) -> None:
    """Keep in the rows, and in this process's memory, how far each line has come."""
    for name, line in lines.items():
        rows[name].free_at, queues[name] = line.free_at, line.queue
    ramp.write(rows.get(ALL))


@dataclass(slots=True)
class Line:
    """Those who wait for one pace: when its next slot begins, and when one is free for who is held now."""

    slot: timedelta
    free_at: datetime
    now: datetime
    queue: datetime

    def __post_init__(self) -> None:
        # Nobody reserves further than this: a clock went wrong, or the pace was slower before.
        latest = self.now + HORIZON + self.slot
        self.free_at = latest if self.free_at > latest + SKEW else max(self.free_at, self.now)
        self.queue = max(self.queue, self.free_at)

    def take(self, at: datetime) -> None:
        """Use the slot that begins at `at`."""
        self.free_at = at + self.slot if self.slot else self.free_at
        self.queue = max(self.queue, self.free_at)

    def stand(self) -> datetime:
        """When it is the turn of one more who is held; nothing is reserved."""
        turn = self.queue
        self.queue += self.slot
        return turn


@dataclass(slots=True)
class Ramp:
    """The warm-up: `used` mails on `day`, which is the `days`th on which anything was sent."""

    steps: tuple[int, ...]
    day: date
    used: int = 0
    days: int = 0

    @classmethod
    def read(cls, steps: tuple[int, ...], row: Pace | None, now: datetime) -> Ramp:
        """Where it stands at `now`, from the row of all mail."""
        today = now.astimezone(UTC).date()
        if row is None or row.day is None:
            return cls(steps, today)
        # By another machine's clock it may be tomorrow already; any later, and that clock was wrong.
        if today <= row.day <= today + DAY:
            return cls(steps, row.day, row.used, row.days)
        return cls(steps, today, 0, row.days)

    @property
    def full(self) -> bool:
        """Whether the day's mails are out."""
        nth = self.days - 1 if self.used else self.days
        return nth < len(self.steps) and self.used >= self.steps[nth]

    @property
    def over(self) -> datetime:
        """When the next day begins."""
        return datetime.combine(self.day + DAY, time(), UTC)

    def count(self) -> None:
        """One more mail."""
        self.days += self.used == 0
        self.used += 1

    def write(self, row: Pace | None) -> None:
        """Keep it in the row of all mail."""
        if row is not None and self.steps and self.used:
            row.day, row.used, row.days = self.day, self.used, self.days


def decide(notice: bool, total: Line, line: Line | None, ramp: Ramp, now: datetime) -> Turn:
    """The turn of the next delivery in line; `line` is its destination's, None where that has no pace.

    A destination that must wait lets others pass; the end of the whole pace or of the day's mails does not.
    """
    if ramp.full and not notice:
        return Turn(granted=False, wait=ramp.over - now, at_all=True)
    end = now + HORIZON
    if total.free_at > end:
        return Turn(granted=False, wait=total.free_at - now, at_all=True)
    at = max(total.free_at, line.free_at) if line else total.free_at
    if line and at > end:
        return Turn(granted=False, wait=line.stand() - now)
    if line:
        line.take(at)
    total.take(total.free_at)  # not `at`: what waits a moment for its destination holds up nobody else
    ramp.count()
    return Turn(granted=True, wait=at - now)


def forget_destinations(session: Session, now: datetime) -> None:
    """Delete destinations that nothing went to for a day: a domain may name its only reader."""
    old = select(Pace.name).where(Pace.name != ALL, Pace.free_at < now - DAY)
    # Locked by a query of its own, so that it waits for nobody who is reserving.
    names = session.scalars(old.limit(1000).with_for_update(skip_locked=True)).all()
    session.execute(delete(Pace).where(Pace.name.in_(names)))


def _locked(session: Session, names: Iterable[str], now: datetime) -> dict[str, Pace]:
    """The rows of these names, made where missing, and locked until the commit, one after the other.

    By one upsert in the order of the names: two workers cannot wait for each other in a circle, and a row
    that somebody makes or forgets at this moment is neither missed nor doubled.
    """
    row = inserting(session, Pace)
    upsert = row.on_conflict_do_update(index_elements=[Pace.name], set_={"name": row.excluded.name})
    found = session.scalars(
        upsert.returning(Pace),
        [{"name": name, "free_at": now} for name in sorted(names)],
        execution_options={"populate_existing": True},
    )
    return {row.name: row for row in found}
