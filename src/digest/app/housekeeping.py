"""Housekeeping: once a day, what is kept only for a while is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.audience import moving, purging
from digest.audience.consent import forget_clients
from digest.audience.models import Allowance
from digest.db.away import in_short, is_away
from digest.delivery.forgetting import forget_deliveries
from digest.delivery.notices import forget_places
from digest.logs import get_logger

DONE: Final = "housekeeping"  # the row of `allowances` that says when it was done last
DAY: Final = timedelta(days=1)
AT_ONCE: Final = 500  # people in one transaction, so that nobody waits long who wants to leave meanwhile
BATCHES: Final = 200  # of each kind in one run; the next run goes on


@dataclass(frozen=True, slots=True)
class Kept:
    """What was forgotten; `all_done` unless there is more than one run does.

    `addresses` counts those that stood with somebody whose address was to be changed, or was.
    """

    purged: int
    clients: int
    allowances: int
    addresses: int
    all_done: bool


def keep_house(app: App, batches: int = BATCHES) -> Kept | None:
    """Forget what is old: unconfirmed addresses and changes, where consent came from, counts.

    None when done today.
    """
    now = app.clock.now()
    with app.database.read() as session:
        if not _is_due(session, now):
            return None
    kept = _forget_all(app, now, batches)
    if kept.all_done:
        with app.database.write(lock="subscribers") as session:
            session.merge(Allowance(name=DONE, since=now, used=1))
    if kept.purged:
        get_logger().info("purged unconfirmed addresses", action="purge", number=kept.purged)
    return kept


def keep_house_if_possible(app: App) -> None:
    """The same, put off where the database is away: nothing of it is worth failing a run.

    Not under a clock that was set for trying something: what it forgets would be lost in earnest.
    """
    if app.clock.shifted:
        return
    try:
        keep_house(app)
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        get_logger().warning("housekeeping is put off", action="housekeeping", reason=in_short(error))


def purge(app: App) -> int:
    """Delete all addresses that never confirmed within `signup.keep_unconfirmed`; returns how many."""
    number, _ = _until_none(partial(_purge_some, app, app.clock.now()), None)
    return number


def to_purge(app: App) -> int:
    """How many addresses `purge` would delete now."""
    with app.database.read() as session:
        return purging.count_unconfirmed(session, _confirmable_since(app, app.clock.now()))


def _is_due(session: Session, now: datetime) -> bool:
    done = session.get(Allowance, DONE)
    return done is None or not timedelta() <= now - done.since < DAY


def _forget_all(app: App, now: datetime, batches: int) -> Kept:
    signup = app.settings.signup
    kinds: tuple[Callable[[Session], int], ...] = (
        lambda session: forget_clients(session, now - signup.keep_client),
        lambda session: app.allowances.forget(session, now - signup.longest),
        lambda session: moving.forget_wishes(session, now - moving.WISHED_FOR),
        lambda session: forget_places(session, now),
    )
    done = [_until_none(partial(_purge_some, app, now), batches)]
    done += [_until_none(partial(_in_one_unit, app, forget_some), batches) for forget_some in kinds]
    purged, clients, counts, wishes, places = (number for number, _ in done)
    return Kept(purged, clients, counts, wishes + places, all(whole for _, whole in done))


def _until_none(forget_some: Callable[[], int], batches: int | None) -> tuple[int, bool]:
    """Do it until nothing is left, at most so often: how many, and whether all."""
    number, done = 0, 0
    while batches is None or done < batches:
        some = forget_some()
        if not some:
            return number, True
        number, done = number + some, done + 1
    return number, False


def _in_one_unit(app: App, forget_some: Callable[[Session], int]) -> int:
    with app.database.write(lock="subscribers") as session:
        return forget_some(session)


def _purge_some(app: App, now: datetime) -> int:
    """Look for them, which can take a while, where nobody has to wait; then see whether they are so still."""
    before = _confirmable_since(app, now)
    while found := _some_unconfirmed(app, before):
        with app.database.write(lock="subscribers") as session:
            ids = purging.still_unconfirmed(session, found, before)
            forget_deliveries(session, ids)
            purging.delete_subscribers(session, ids)
        if ids:
            return len(ids)
    return 0


def _some_unconfirmed(app: App, before: datetime) -> Sequence[int]:
    with app.database.read() as session:
        return purging.some_unconfirmed(session, before, AT_ONCE)


def _confirmable_since(app: App, now: datetime) -> datetime:
    """Whoever was asked before that and has not confirmed is purged."""
    return now - app.settings.signup.keep_unconfirmed
