"""The weekly run: plan, freeze, fan out, send, record. Call it at any time, any number of times."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.app.delivering import OnProgress, RunReport, deliver, require_sendable, silent
from digest.app.editors import freeze_in, plan_in
from digest.app.housekeeping import keep_house_if_possible
from digest.app.parts import App
from digest.app.pausing import pause_overdue, wanted_late
from digest.app.slots import OPEN, due_slot, in_days
from digest.audience.models import Standing, Subscriber
from digest.config.kinds import is_loopback
from digest.content.models import Comparison
from digest.delivery import ledger
from digest.editions.freezing import require, skip
from digest.editions.models import Edition, Status
from digest.editions.pausing import require_going, why_paused
from digest.editions.planning import find_edition, get_edition
from digest.editions.versioning import versioned
from digest.errors import ConfigError, RenderError

UNSENT = "it is not sent late without a person's word (digest edition plan, approve; digest send)"
NO_ADDRESS = "newsletter.postal_address: expected your postal address; the law wants it in every mail"
UNAPPROVED = "it waits for an editor's approval (digest edition approve)"


def run(app: App, stop: threading.Event | None = None, on_progress: OnProgress = silent) -> RunReport:
    """Do what is due now: this slot's edition, retries, notices.

    An edition that cannot be rendered, or lacks the postal address, stays as it was and stops the run in the
    end; all else is delivered. Raises ConfigError where no mail can be made at all.
    """
    require_sendable(app)
    broken = None
    pause_overdue(app)
    try:
        with app.database.write(lock="editions") as session:
            report = _prepare_due(app, session, app.clock.now())
    except (RenderError, ConfigError) as error:
        report, broken = what_is_due(app, app.clock.now()), error
    report = deliver(app, report, stop, on_progress)
    report.stopped = broken or report.stopped  # a relay in trouble is in the log as well
    if stop is None or not stop.is_set():
        keep_house_if_possible(app)
    return report


def send_edition(
    app: App,
    key: str,
    stop: threading.Event | None = None,
    on_progress: OnProgress = silent,
    *,
    in_doubt: bool = False,
) -> RunReport:
    """Send or resume one approved edition now, on a person's word, whatever its slot.

    `in_doubt` also tries held deliveries once more of which nobody knows whether they arrived.
    """
    require_sendable(app)
    report = RunReport()
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        require(edition, Status.APPROVED, Status.SENDING, Status.SENT)
        require_going(edition)
        with versioned(edition):
            _begin(app, session, edition)
        wanted_late(edition)
        if in_doubt:
            ledger.try_doubtful(session, edition, app.clock.now())
        report.edition, report.status = edition.key, edition.status.value
    return deliver(app, report, stop, on_progress)


def what_is_due(app: App, now: datetime) -> RunReport:
    """What `run` would do about editions, without doing it: `status` None or open and no reason, it sends."""
    with app.database.read() as session:
        due = _find_due(app, session, now)
        return _told(app, due, due.edition) if due else _not_due(app, now)


def would_do(app: App, report: RunReport) -> str | None:
    """What comes of a due edition that nothing holds, in words for `--dry-run`."""
    if report.status not in (None, *OPEN):
        return None
    if _lacks_postal_address(app):
        return f"it would not be sent: {NO_ADDRESS}"
    return "it would be planned and sent now" if report.status != Status.APPROVED else "it would be sent now"


@dataclass(frozen=True, slots=True)
class _Due:
    """The slot that has come, its edition if there is one, and why a person must act first, if so."""

    slot: datetime
    edition: Edition | None
    held: str | None


def _find_due(app: App, session: Session, now: datetime) -> _Due | None:
    slot = due_slot(app, session, now)
    if slot is None:
        return None
    edition = find_edition(session, app.rhythm.key_of(slot))
    return _Due(slot, edition, _why_not_yet(app, session, edition, now - slot))


def _prepare_due(app: App, session: Session, now: datetime) -> RunReport:
    """Bring the due edition to `sending` or `skipped`, unless a person must act first."""
    due = _find_due(app, session, now)
    if due is None:
        return _not_due(app, now)
    edition, key = due.edition, app.rhythm.key_of(due.slot)
    if due.held is None and (edition is None or edition.status in OPEN):
        edition = _seal(app, session, edition, key, now)
    elif due.held == UNAPPROVED and edition is None:
        edition = plan_in(app, session, key, now)
    return _told(app, due, edition)


def _not_due(app: App, now: datetime) -> RunReport:
    coming = app.rhythm.next_slot(now)
    key = app.rhythm.key_of(coming)
    return RunReport(edition=key, status="not due", reason=f"its time is {coming:%Y-%m-%d %H:%M} UTC")


def _told(app: App, due: _Due, edition: Edition | None) -> RunReport:
    """How the due edition stands: what a person must do comes before what the edition says of itself."""
    key = app.rhythm.key_of(due.slot)
    if edition is None:
        return RunReport(edition=key, reason=due.held)
    reason = due.held or edition.reason or why_paused(edition)
    return RunReport(edition=key, status=edition.status.value, reason=reason)


def _why_not_yet(app: App, session: Session, edition: Edition | None, late: timedelta) -> str | None:
    """Why an open edition that is `late` past its slot must wait for a person; None when it need not."""
    if edition is not None and edition.status not in OPEN:
        return None
    if missing := _missing(session):
        return missing
    if late > app.settings.schedule.max_age:
        return f"overdue by {in_days(late)}: {UNSENT}"
    approved = edition is not None and edition.status is Status.APPROVED
    if app.settings.schedule.approval == "editor" and not approved:
        return UNAPPROVED
    return None


def _missing(session: Session) -> str | None:
    """What a newcomer has not done yet: an edition must not be used up on an empty site or an empty list."""
    if session.scalar(select(Comparison.id).limit(1)) is None:
        return "no comparisons have been imported yet (digest import)"
    if session.scalar(select(Subscriber.id).where(Subscriber.status == Standing.ACTIVE).limit(1)) is None:
        return "there is nobody to send to yet (digest subscribers import)"
    return None


def _seal(app: App, session: Session, edition: Edition | None, key: str, now: datetime) -> Edition:
    """Bring a due edition to `sending`, or to `skipped` with its reason."""
    if edition is None or edition.status is Status.DRAFT:
        edition = plan_in(app, session, key, now)
    with versioned(edition):
        if edition.status is Status.DRAFT and edition.reason:
            skip(edition, edition.reason)
        else:
            _begin(app, session, edition)
    return edition


def _begin(app: App, session: Session, edition: Edition) -> None:
    """Freeze a draft, and owe what is approved to every reader; what has begun before goes on as it is."""
    now = app.clock.now()
    if edition.status in OPEN and _lacks_postal_address(app):
        raise ConfigError(NO_ADDRESS)
    if edition.status is Status.DRAFT:
        freeze_in(app, session, edition, "automatic", now)
    if edition.status is Status.APPROVED:
        ledger.fan_out(session, edition, now)


def _lacks_postal_address(app: App) -> bool:
    """Whether the operator's postal address is missing, which CAN-SPAM §7704(a)(5) demands in newsletters.

    A relay on this machine is let off, so that a newcomer can try everything first.
    """
    return not app.settings.newsletter.postal_address.strip() and not is_loopback(app.settings.smtp.host)
