"""Says which way a text runs, so that a name stands right in a mail that runs the other way."""

from __future__ import annotations

import unicodedata

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_RIGHT_TO_LEFT = ("R", "AL")
_ATTRIBUTES = {"rtl": Markup(' dir="rtl"'), "ltr": Markup(' dir="ltr"')}


@pass_context
def direction(context: Context, text: str) -> Markup:
    """The attribute ` dir="rtl"` or ` dir="ltr"` where `text` does not run as the mail does, else nothing."""
    around: str = context["brand"].direction
    own = runs(text) or around
    return Markup() if own == around else _ATTRIBUTES[own]


def runs(text: str) -> str | None:
    """`rtl` or `ltr`, as the first letter of `text` asks for; None where there is no letter."""
    kinds = map(unicodedata.bidirectional, text)
    first = next((kind for kind in kinds if kind in ("L", *_RIGHT_TO_LEFT)), None)
    return None if first is None else ("rtl" if first in _RIGHT_TO_LEFT else "ltr")
