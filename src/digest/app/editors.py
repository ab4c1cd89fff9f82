"""What editors do with editions, each act one transaction: plan, edit, approve, withdraw, skip, cancel.

Each takes `seen`, the version the editor was looking at: where somebody else was quicker, it raises Stale.
Who has seen version 0 was looking at a week without an edition, and the act begins its draft.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.app.pausing import drop_rest
from digest.editions import freezing
from digest.editions.models import Edition, Status
from digest.editions.planning import find_edition, get_edition, plan
from digest.editions.stories import tell
from digest.editions.story import Story
from digest.editions.versioning import versioned
from digest.errors import Stale


def plan_edition(app: App, key: str | None = None, seen: int | None = None) -> Edition:
    """Make or refresh the draft of `key`, by default this ISO week's; take a skipped week up again."""
    now = app.clock.now()
    with app.database.write(lock="editions") as session:
        known = find_edition(session, key) if key is not None else None
        if known is not None:
            _require_seen(known, seen)
        return plan_in(app, session, app.rhythm.key_of(now) if key is None else key, now)


def plan_in(app: App, session: Session, key: str, now: datetime) -> Edition:
    """The same inside somebody's write unit that holds the lock "editions"."""

    def teller(session: Session, edition: Edition) -> Story:
        return tell(session, edition, app.settings.web.base_url)

    return plan(session, key, app.rhythm, app.rules, now, teller)


def edit_edition(
    app: App, key: str, change: Callable[[Session, Edition], None], seen: int | None = None
) -> Edition:
    """Apply one change to a draft and plan it anew, so that what is shown is what was meant."""
    with _acting(app, key, seen) as (session, edition):
        freezing.require(edition, Status.DRAFT)
        change(session, edition)
        session.flush()
        return plan_in(app, session, key, app.clock.now())


def approve(
    app: App, key: str, by: str, seen: int | None = None, sha256: dict[str, str] | None = None
) -> Edition:
    """Freeze a draft as it stands; raises Conflict when it is no draft or empty.

    `sha256` is what the editor was shown (see Rendered.sha256): other bytes are not frozen in its name.
    """
    with _acting(app, key, seen) as (session, edition):
        freeze_in(app, session, edition, by, app.clock.now())
        if sha256 is not None and edition.sha256 != sha256:
            raise Stale(f"what edition {key} says has changed since you looked; look again, then approve")
        return edition


def withdraw_approval(app: App, key: str, seen: int | None = None) -> Edition:
    """Make an approved edition a draft again; raises Conflict once mailing began."""
    with _acting(app, key, seen) as (session, edition):
        freezing.thaw(session, edition)
        return edition


def skip(app: App, key: str, reason: str, seen: int | None = None) -> Edition:
    """Send nothing for a draft's week; raises Conflict when it is no draft."""
    with _acting(app, key, seen) as (_, edition):
        freezing.skip(edition, reason)
        return edition


def cancel(app: App, key: str, reason: str, seen: int | None = None) -> Edition:
    """Stop an edition for good; whoever was not sent it will not be. Raises Conflict once it was sent."""
    with _acting(app, key, seen) as (_, edition):
        freezing.cancel(edition, reason, app.clock.now())
    # Only now, since those who send heed it as soon as it is stored.
    drop_rest(app, edition)
    return edition


def freeze_in(app: App, session: Session, edition: Edition, by: str, now: datetime) -> None:
    """Render and freeze inside somebody's write unit."""
    freezing.require(edition, Status.DRAFT)
    story = tell(session, edition, app.settings.web.base_url)
    rendered = app.render(story)
    freezing.freeze(
        session,
        edition,
        subject=rendered.subject,
        preheader=story.preheader,
        html=rendered.html,
        text=rendered.text,
        marker=rendered.marker,
        sha256=rendered.sha256(),
        briefly=rendered.briefly,
        by=by,
        now=now,
    )


@contextmanager
def _acting(app: App, key: str, seen: int | None) -> Iterator[tuple[Session, Edition]]:
    """One transaction on the edition that was seen; whatever is done to it counts as one change."""
    with app.database.write(lock="editions") as session:
        edition = _seen_or_begun(app, session, key, seen)
        with versioned(edition):
            yield session, edition


def _seen_or_begun(app: App, session: Session, key: str, seen: int | None) -> Edition:
    """The edition, planned where there was none to be seen; raises Stale where it is not the one seen."""
    if seen == 0 and find_edition(session, key) is None:
        return plan_in(app, session, key, app.clock.now())
    edition = get_edition(session, key)
    _require_seen(edition, seen)
    return edition


def _require_seen(edition: Edition, seen: int | None) -> None:
    if seen is not None and edition.version != seen:
        raise Stale(
            f"somebody else changed edition {edition.key} since you looked; look again, then do it once more"
        )
