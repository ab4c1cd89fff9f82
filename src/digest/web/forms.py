"""Reads what readers type into forms, whatever arrives instead."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from digest.editions.phrasing import clean
from digest.serving.bodies import body_of

FIELDS = 50


def fields(request: Request) -> dict[str, str]:
    """The form's fields, the first of each name; empty for a body that is no URL-encoded form."""
    text = body_of(request).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def is_url_encoded(request: Request) -> bool:
    """Whether the body says that it is a form as browsers send it."""
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == "application/x-www-form-urlencoded"


def one_line(text: str, width: int) -> str | None:
    """At most `width` characters of harmless text on one line; None when nothing is left."""
    return clean(text)[:width].strip() or None
