"""The weekly run: plan, freeze, fan out, send, record. Call it at any time, any number of times."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.app.editors import freeze_in, plan_in
from digest.app.parts import App
from digest.audience.models import Standing, Subscriber
from digest.config.kinds import is_loopback
from digest.content.models import Comparison
from digest.delivery import ledger, workers
from digest.delivery.messages import Messages, Sender
from digest.delivery.retrying import Policy
from digest.delivery.sending import Engine, Tally
from digest.editions.freezing import require, skip
from digest.editions.models import Edition, Status
from digest.editions.planning import find_edition, get_edition
from digest.errors import ConfigError, DigestError
from digest.feedback.refusals import apply_refusals
from digest.tokens import content_marker

OPEN = (Status.DRAFT, Status.APPROVED)
WAIT_FOR_OTHERS = 0.2  # seconds between looks at what another worker still holds


@dataclass
class RunReport:
    """What a run did and what it leaves."""

    edition: str | None = None
    status: str | None = None
    reason: str | None = None
    sent: int = 0
    deliveries: dict[str, int] = field(default_factory=dict)
    waiting_until: datetime | None = None
    bounced: int = 0
    stopped: DigestError | None = None

    @property
    def exit_code(self) -> int:
        """0 done or nothing due; 1 stopped; 75 some deliveries wait for a retry."""
        if self.stopped:
            return 1
        return 75 if self.waiting_until else 0


def run(
    app: App, stop: threading.Event | None = None, on_progress: Callable[[Tally], None] = lambda _: None
) -> RunReport:
    """Do what is due now: this slot's edition, retries, notices."""
    report = RunReport()
    _prepare_due(app, report)
    return deliver(app, report, stop, on_progress)


def send_edition(
    app: App,
    key: str,
    stop: threading.Event | None = None,
    on_progress: Callable[[Tally], None] = lambda _: None,
) -> RunReport:
    """Send or resume one approved edition now, on a person's word, whatever its slot."""
    report = RunReport()
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        require(edition, Status.APPROVED, Status.SENDING, Status.SENT)
        _fan_out(app, session, edition)
        _tell(report, edition)
    return deliver(app, report, stop, on_progress)


def what_is_due(app: App, now: datetime) -> RunReport:
    """What `run` would do about editions, without doing it."""
    slot = app.rhythm.last_slot(now)
    key = app.rhythm.key_of(slot)
    with app.database.read() as session:
        edition = find_edition(session, key)
        reason = _why_not_yet(app, session, edition, now - slot)
    return RunReport(edition=key, status=edition.status.value if edition else None, reason=reason)


def _prepare_due(app: App, report: RunReport) -> None:
    """Bring the edition of the last slot to `sending` or `skipped`, unless a person must act first."""
    now = app.clock.now()
    slot = app.rhythm.last_slot(now)
    report.edition = app.rhythm.key_of(slot)
    with app.database.write(lock="editions") as session:
        edition = find_edition(session, report.edition)
        report.reason = _why_not_yet(app, session, edition, now - slot)
        if report.reason is None and (edition is None or edition.status in OPEN):
            edition = _seal(app, session, edition, report.edition, now)
        if edition is not None:
            report.status, report.reason = edition.status.value, report.reason or edition.reason


def _why_not_yet(app: App, session: Session, edition: Edition | None, late: timedelta) -> str | None:
    """Why an open edition that is `late` past its slot must wait for a person; None when it need not."""
    if edition is not None and edition.status not in OPEN:
        return None
    if missing := _missing(session):
        return missing
    if late > app.settings.schedule.max_age:
        return f"overdue by {_days(late)}: it is not sent late without a person's word (digest send)"
    approved = edition is not None and edition.status is Status.APPROVED
    if app.settings.schedule.approval == "editor" and not approved:
        return "it waits for an editor's approval (digest edition approve)"
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
        if edition.reason:
            skip(edition, edition.reason)
            return edition
        freeze_in(app, session, edition, "automatic", now)
    _fan_out(app, session, edition)
    return edition


def _fan_out(app: App, session: Session, edition: Edition) -> None:
    if edition.status is Status.APPROVED:
        require_postal_address(app)
        ledger.fan_out(session, edition, app.clock.now())


def require_postal_address(app: App) -> None:
    """Refuse to send newsletters without the operator's postal address, which CAN-SPAM §7704(a)(5) demands.

    A relay on this machine is let off, so that a newcomer can try everything first.
    """
    if not app.settings.newsletter.postal_address.strip() and not is_loopback(app.settings.smtp.host):
        raise ConfigError(
            "newsletter.postal_address: expected your postal address; the law wants it in every mail"
        )


def _tell(report: RunReport, edition: Edition) -> None:
    report.edition, report.status, report.reason = edition.key, edition.status.value, edition.reason


def _days(span: timedelta) -> str:
    days, hours = span.days, span.seconds // 3600
    return f"{days} d {hours} h" if days else f"{hours} h"


def deliver(
    app: App,
    report: RunReport,
    stop: threading.Event | None = None,
    on_progress: Callable[[Tally], None] = lambda _: None,
) -> RunReport:
    """Send all that is due, waiting out short delays and other workers, then close what is finished."""
    stop = stop or threading.Event()
    engine = make_engine(app)
    while True:
        tally = engine.run(stop, on_progress) if _work_is_due(app) else Tally()
        report.sent += sum(number for state, number in tally.tries.items() if state.value == "sent")
        report.stopped = report.stopped or tally.stopped
        if report.stopped or stop.is_set() or not _worth_waiting(app, stop):
            break
    _close(app, report)
    return report


def make_engine(app: App) -> Engine:
    """The sending engine as the settings want it."""
    delivery, smtp = app.settings.delivery, app.settings.smtp
    return Engine(
        database=app.database,
        clock=app.clock,
        messages=make_messages(app),
        relay=app.relay,
        suppressions=app.suppressions,
        policy=retry_policy(app),
        connections=smtp.connections,
        batch=delivery.batch,
        lease=delivery.lease,
        per_second=smtp.per_second,
    )


def retry_policy(app: App) -> Policy:
    """The retry ladder as the settings want it."""
    delivery = app.settings.delivery
    return Policy(
        delivery.retry_after, delivery.give_up_after, delivery.after_crash == "resend", delivery.resend_after
    )


def make_messages(app: App) -> Messages:
    """What makes one reader's message."""
    newsletter, key = app.settings.newsletter, app.settings.keys.suppression_key()
    return Messages(
        database=app.database,
        renderer=app.renderer,
        keyring=app.keyring,
        sender=Sender(newsletter.sender, newsletter.name, newsletter.reply_to, newsletter.list_id or None),
        base_url=app.settings.web.base_url,
        marker=lambda mailing: content_marker(key, mailing),
    )


def _work_is_due(app: App) -> bool:
    """Whether there is anything to claim, or a dead worker's claims to take back."""
    with app.database.read() as session:
        due = ledger.next_due(session)
        return (due is not None and due <= app.clock.now()) or workers.any_others(session, 0)


def _worth_waiting(app: App, stop: threading.Event) -> bool:
    """Wait for a retry due shortly, or while another worker holds claims; False when neither is so."""
    with app.database.read() as session:
        due, busy = ledger.next_due(session), workers.any_others(session, 0)
    delay = (due - app.clock.now()).total_seconds() if due else None
    if delay is not None and delay <= app.settings.delivery.linger.total_seconds():
        return not stop.wait(max(0.0, delay))
    return busy and not stop.wait(WAIT_FOR_OTHERS)


def _close(app: App, report: RunReport) -> None:
    now = app.clock.now()
    with app.database.write(lock="subscribers") as session:
        report.bounced = len(apply_refusals(session, app.suppressions, now))
    with app.database.write(lock="editions") as session:
        finished = ledger.finish_editions(session, now)
        report.waiting_until = ledger.next_due(session)
        edition = find_edition(session, report.edition) if report.edition else None
        if edition:
            report.deliveries = ledger.counts(session, edition.id)
            report.status = edition.status.value
    if report.edition is None and finished:
        report.edition, report.status = finished[0], Status.SENT.value
