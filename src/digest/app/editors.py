"""What editors do with editions, each act one transaction: plan, look, edit, approve, withdraw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.app.slots import coming_slot
from digest.delivery import ledger
from digest.delivery.messages import frozen
from digest.editions import freezing
from digest.editions.models import Edition, Status
from digest.editions.planning import find_edition, get_edition, plan
from digest.editions.stories import tell
from digest.editions.story import Story
from digest.errors import Conflict
from digest.rendering.rendered import Rendered
from digest.tokens import content_marker


def plan_edition(app: App, key: str | None = None) -> Edition:
    """Make or refresh the draft of `key`, by default this ISO week's."""
    now = app.clock.now()
    with app.database.write(lock="editions") as session:
        return plan_in(app, session, key or app.rhythm.key_of(now), now)


def plan_in(app: App, session: Session, key: str, now: datetime) -> Edition:
    """The same inside somebody's write unit that holds the lock "editions"."""

    def teller(session: Session, edition: Edition) -> Story:
        return tell(session, edition, app.settings.web.base_url)

    return plan(session, key, app.rhythm, app.rules, now, teller)


def edit_edition(app: App, key: str, change: Callable[[Session, Edition], None]) -> Edition:
    """Apply one change to a draft and plan it anew, so that what is shown is what was meant."""
    now = app.clock.now()
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        freezing.require(edition, Status.DRAFT)
        change(session, edition)
        session.flush()
        return plan_in(app, session, key, now)


def approve(app: App, key: str, by: str) -> Edition:
    """Freeze a draft as it stands; raises Conflict when it is no draft or empty."""
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        freeze_in(app, session, edition, by, app.clock.now())
        return edition


def withdraw_approval(app: App, key: str) -> Edition:
    """Make an approved edition a draft again; raises Conflict once mailing began."""
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        freezing.thaw(session, edition)
        return edition


def skip(app: App, key: str, reason: str) -> Edition:
    """Send nothing for a draft's week; raises Conflict when it is no draft."""
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        freezing.skip(edition, reason)
        return edition


def cancel(app: App, key: str, reason: str) -> Edition:
    """Stop an edition for good; whoever was not sent it will not be. Raises Conflict once it was sent."""
    now = app.clock.now()
    with app.database.write(lock="editions") as session:
        edition = get_edition(session, key)
        freezing.cancel(edition, reason, now)
        ledger.drop_rest(session, edition, now)
        return edition


def freeze_in(app: App, session: Session, edition: Edition, by: str, now: datetime) -> None:
    """Render and freeze inside somebody's write unit."""
    freezing.require(edition, Status.DRAFT)
    rendered = render(app, session, edition)
    freezing.freeze(
        session,
        edition,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        marker=rendered.marker,
        sha256=rendered.sha256(),
        by=by,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """An edition as readers would get it."""

    key: str
    preheader: str
    rendered: Rendered


def preview(app: App, key: str | None = None) -> Preview:
    """What readers of an edition would get: the frozen bytes, or a rendering of the draft.

    A week that has no draft yet is planned on trial: looking leaves no trace.
    """
    now = app.clock.now()
    with app.database.trial(lock="editions") as session:
        key = key or app.rhythm.key_of(coming_slot(app, session, now))
        edition = find_edition(session, key) or plan_in(app, session, key, now)
        if edition.html is None and not edition.items:
            raise Conflict(f"edition {key} has nothing in it: {edition.reason or 'nothing new'}")
        rendered = frozen(edition) if edition.html is not None else render(app, session, edition)
        return Preview(key, edition.preheader, rendered)


def render(app: App, session: Session, edition: Edition) -> Rendered:
    """An edition's rows as subject, HTML and text."""
    marker = content_marker(app.settings.keys.suppression_key(), edition.key)
    return app.renderer.edition(tell(session, edition, app.settings.web.base_url), marker)
