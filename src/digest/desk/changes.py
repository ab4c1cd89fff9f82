"""From what the page posts to a change of a draft: the same library calls as `digest edition edit` makes."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from digest.desk.fields import LONGEST_TEXT, BadRequest, Fields
from digest.editions import editing
from digest.editions.models import Edition

Change = Callable[[Session, Edition], None]


def change_of(fields: Fields) -> Change:
    """The one change that the fields ask for; raises BadRequest unless it is exactly one."""
    asked = [name for name in _CHANGES if name in fields]
    if len(asked) != 1:
        raise BadRequest(f"expected one of {', '.join(_CHANGES)}")
    return _CHANGES[asked[0]](fields)


def _words(fields: Fields) -> Change:
    words = fields.inside("words")
    subject, preheader = words.optional("subject"), words.optional("preheader")
    intro = words.optional("intro", LONGEST_TEXT)
    return lambda _session, edition: editing.set_words(
        edition, subject=subject, preheader=preheader, intro=intro
    )


def _order(fields: Fields) -> Change:
    slugs = fields.texts("order")
    return lambda session, edition: editing.order(session, edition, slugs)


def _pin(fields: Fields) -> Change:
    slug = fields.text("pin")
    return lambda session, edition: editing.pin(session, edition, slug)


def _leave_out(fields: Fields) -> Change:
    slug, reason = fields.text("leave_out"), fields.text("reason")
    return lambda session, edition: editing.leave_out(session, edition, slug, reason)


def _undo(fields: Fields) -> Change:
    slug = fields.text("undo")
    return lambda session, edition: editing.undecide(session, edition, slug)


def _voices(fields: Fields) -> Change:
    voices = fields.inside("voices")
    tool, numbers = voices.text("tool"), voices.numbers("numbers")
    return lambda session, edition: editing.choose_voices(session, edition, tool, numbers)


_CHANGES: dict[str, Callable[[Fields], Change]] = {
    "words": _words,
    "order": _order,
    "pin": _pin,
    "leave_out": _leave_out,
    "undo": _undo,
    "voices": _voices,
}
