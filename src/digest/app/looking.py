"""What an editor looks at: the coming edition as its readers would get it, without leaving a trace."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from digest.app.editors import plan_in
from digest.app.parts import App
from digest.app.slots import coming_slot
from digest.delivery.messages import stored_bytes
from digest.editions import listing
from digest.editions.models import Edition
from digest.editions.planning import find_edition
from digest.editions.stories import tell
from digest.editions.story import Story
from digest.errors import Conflict, RenderError
from digest.rendering.rendered import Rendered


@dataclass(frozen=True, slots=True)
class Look:
    """An edition as it stands: its facts, its story and its bytes, or why there are none.

    `edition` has the shape of `digest edition show --json`; its version is 0 where the week has no draft
    yet. `rendered` is None where there is nothing to render (`problem` is a Conflict) or where a template
    is broken (a RenderError, with its places).
    """

    key: str
    edition: dict[str, Any]
    story: Story
    rendered: Rendered | None
    problem: Conflict | RenderError | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether these bytes were approved and change no more."""
        return self.edition["sha256"]["html"] is not None

    @property
    def subject(self) -> str:
        """The subject that was approved, or the draft's."""
        return self.edition["subject"] if self.is_frozen else self.story.subject

    @property
    def preheader(self) -> str:
        """The preheader that was approved, or the draft's: facts that moved since then move no mail."""
        return self.edition["preheader"] if self.is_frozen else self.story.preheader

    def require(self) -> Rendered:
        """The bytes; raises the problem where there are none."""
        if self.rendered is None:
            # A copy, since an exception gathers the places that it passes, and a look may be asked often.
            raise copy(self.problem or Conflict(f"edition {self.key} has nothing in it"))
        return self.rendered


def coming_key(app: App) -> str:
    """The edition that is looked at where none is named."""
    with app.database.read() as session:
        return app.rhythm.key_of(coming_slot(app, session, app.clock.now()))


def look(app: App, key: str | None = None) -> Look:
    """An edition, by default the coming one: its frozen bytes, or a rendering of the draft.

    A week that has no draft yet is planned on trial and the trial undone.
    """
    key = key or coming_key(app)
    with app.database.read() as session:
        edition = find_edition(session, key)
        found = _facts(app, session, edition) if edition else None
    if found is None:
        with app.database.trial(lock="editions") as session:
            facts, story, kept = _facts(app, session, plan_in(app, session, key, app.clock.now()))
        found = {**facts, "version": 0}, story, kept
    return _rendered(app, key, *found)


Facts = tuple[dict[str, Any], Story, Rendered | None]


def _facts(app: App, session: Session, edition: Edition) -> Facts:
    """All that is read inside the transaction; rendering takes its time outside."""
    kept = stored_bytes(edition) if edition.html is not None else None
    return listing.as_json(edition), tell(session, edition, app.settings.web.base_url), kept


def _rendered(app: App, key: str, edition: dict[str, Any], story: Story, kept: Rendered | None) -> Look:
    if kept is not None:
        return Look(key, edition, story, kept)
    if not edition["items"]:
        why = edition["reason"] or "nothing new"
        return Look(key, edition, story, None, Conflict(f"edition {key} has nothing in it: {why}"))
    try:
        return Look(key, edition, story, app.render(story))
    except RenderError as error:
        return Look(key, edition, story, None, error)
