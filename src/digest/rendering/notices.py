"""Renders the mails to one person: confirm, welcome, goodbye, and the others named below."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from digest.errors import RenderError
from digest.rendering.branding import Branding
from digest.rendering.cleaning import cleaned
from digest.rendering.environment import Templates
from digest.rendering.languages import Language
from digest.rendering.mails import FILES, render_mail
from digest.rendering.rendered import Rendered, reader_link
from digest.tokens import LIFETIMES, Purpose

# Which of the reader's own links each notice carries.
NOTICES: Mapping[str, tuple[str, ...]] = {
    "confirm": ("confirm",),
    "welcome": ("preferences", "unsubscribe"),
    "already-subscribed": ("preferences", "unsubscribe"),
    "goodbye": (),
    "change-address": ("change",),
    "address-changed": (),
    "your-data": ("data",),
}


def render_notice(
    templates: Templates,
    brand: Branding,
    name: str,
    values: Mapping[str, object],
    marker: str,
    spoken: Language | None = None,
) -> Rendered:
    """The notice called `name`; `values` are what its templates may print besides the brand.

    `days`, for which its link works, they have anyway where it does not work for ever. Their sentences are
    said in the language `spoken`, by default in English.
    """
    if name not in NOTICES:
        raise RenderError(f"there is no notice {name!r}: expected one of {', '.join(NOTICES)}")
    links = {f"{link}_link": reader_link(marker, link) for link in NOTICES[name]}
    printed = {**_days(name), **cleaned(dict(values)), **links, "spoken": spoken}
    return render_mail(templates, name, cleaned(brand), printed, marker)


def is_translated(templates: Templates, name: str) -> bool:
    """Whether a notice can be said in any language; one with a file of an operator's words is in theirs."""
    return all(templates.translated(f"{name}/{file}") for file in FILES)


def _days(name: str) -> Mapping[str, int]:
    span = max((LIFETIMES.get(Purpose[link.upper()], timedelta()) for link in NOTICES[name]), default=None)
    return {"days": span.days} if span else {}
