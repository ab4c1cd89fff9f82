"""Build the engine from the settings, send all that is due, and close what is finished."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from digest.app.parts import App
from digest.app.pausing import drop_rest
from digest.delivery import claiming, holding, ledger, workers
from digest.delivery.composing import compose
from digest.delivery.headers import message_id
from digest.delivery.messages import Messages, Sender
from digest.delivery.models import State
from digest.delivery.pacing import forget_destinations, make_pacing
from digest.delivery.patience import Patience
from digest.delivery.retrying import Policy
from digest.delivery.sending import Engine, Tally
from digest.delivery.stopping import Limit
from digest.editions.models import Status
from digest.editions.pausing import why_paused
from digest.editions.planning import find_edition
from digest.errors import ConfigError, DigestError
from digest.feedback.refusals import apply_refusals
from digest.rendering.rendered import Rendered
from digest.tokens import new_public_id

WAIT_FOR_OTHERS = 0.2  # seconds between looks at what another worker still holds
LOOK_AGAIN = 1.0  # seconds at most between looks while a retry is waited for: it may be paused meanwhile

OnProgress = Callable[[Tally], None]


def silent(_tally: Tally) -> None:
    """A progress nobody watches."""


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
    held: timedelta | None = None
    stopped: DigestError | None = None

    @property
    def exit_code(self) -> int:
        """0 done or nothing due; 1 stopped; 75 some deliveries wait for a retry; 78 stopped by a setting."""
        if self.stopped:
            return 78 if isinstance(self.stopped, ConfigError) else 1
        return 75 if self.waiting_until else 0


def deliver(
    app: App, report: RunReport, stop: threading.Event | None = None, on_progress: OnProgress = silent
) -> RunReport:
    """Send all that is due, waiting out short delays and other workers, then close what is finished."""
    stop = stop or threading.Event()
    engine, patience = make_engine(app), Patience(stop, app.settings.delivery.patience)
    while True:
        due = patience.run(lambda: _work_is_due(app))
        tally = engine.run(stop, on_progress) if due else Tally()
        report.sent += tally.tries[State.SENT]
        report.stopped, report.held = report.stopped or tally.stopped, tally.held
        if report.held or report.stopped or not patience.run(lambda: _worth_waiting(app, stop)):
            break
    patience.run(lambda: _close(app, report))
    return report


def make_engine(app: App) -> Engine:
    """The sending engine as the settings want it."""
    delivery, smtp = app.settings.delivery, app.settings.smtp
    return Engine(
        database=app.database,
        clock=app.clock,
        messages=make_messages(app),
        relay=app.relay,
        fallbacks=app.relays[1:],
        per_connection=smtp.per_connection,
        patience=delivery.patience,
        suppressions=app.suppressions,
        policy=Policy(
            delivery.retry_after,
            delivery.give_up_after,
            delivery.after_crash == "resend",
            delivery.resend_after,
        ),
        connections=smtp.connections,
        batch=delivery.batch,
        lease=delivery.lease,
        pacing=make_pacing(smtp),
        limit=Limit(delivery.stop_after_bounces, delivery.stop_at_least),
    )


def make_messages(app: App) -> Messages:
    """What makes one reader's message."""
    newsletter = app.settings.newsletter
    return Messages(
        database=app.database,
        renderer=app.renderer,
        keyring=app.keyring,
        sender=Sender(
            newsletter.sender,
            newsletter.name,
            newsletter.reply_to,
            newsletter.list_id or None,
            newsletter.unsubscribe_address,
        ),
        base_url=app.settings.web.base_url,
        marker=app.marker,
        signer=app.signer,
    )


def require_sendable(app: App) -> None:
    """Make everything that mail is made with, and one whole message of nothing, then throw them away.

    Raises ConfigError. Settings found wrong only while mail is made would leave an edition half sent.
    """
    engine = make_engine(app)
    messages, now, subscriber = engine.messages, app.clock.now(), new_public_id()
    headers = messages.headers(list_mail=True, key=app.rhythm.key_of(now))
    compose(Rendered("-", "-", "-", "m"), headers).letter(
        to=messages.sender.address,
        message_id=message_id("-", subscriber, messages.sender.domain),
        date=now,
        links=messages.links(subscriber, 0, now),
    )


def _work_is_due(app: App) -> bool:
    """Whether there is anything to claim, or a dead worker's claims to take back."""
    with app.database.read() as session:
        due = claiming.next_due(session)
        return (due is not None and due <= app.clock.now()) or workers.any_claims(session)


def _worth_waiting(app: App, stop: threading.Event) -> bool:
    """Wait for a retry due shortly, or while another worker holds claims; False when neither is so."""
    if stop.is_set():
        return False
    with app.database.read() as session:
        due, busy = claiming.next_due(session), workers.any_claims(session)
    delay = (due - app.clock.now()).total_seconds() if due else None
    if delay is not None and delay <= app.settings.delivery.linger.total_seconds():
        return not stop.wait(min(max(0.0, delay), LOOK_AGAIN))
    return busy and not stop.wait(WAIT_FOR_OTHERS)


def _close(app: App, report: RunReport) -> None:
    now = app.clock.now()
    with app.database.read() as session:
        cancelled = holding.still_owing(session)
    for one in cancelled:
        drop_rest(app, one)
    with app.database.write(lock="subscribers") as session:
        report.bounced = len(apply_refusals(session, app.suppressions, now))
    with app.database.write(lock="editions") as session:
        forget_destinations(session, datetime.now(UTC))
        finished = ledger.finish_editions(session, now)
        report.waiting_until = now + report.held if report.held else claiming.next_due(session)
        edition = find_edition(session, report.edition) if report.edition else None
        if edition:
            report.deliveries = ledger.counts(session, edition.id)
            report.status = edition.status.value
            report.reason = why_paused(edition) or report.reason
    if report.edition is None and finished:
        report.edition, report.status = finished[0], Status.SENT.value
