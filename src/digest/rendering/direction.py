"""Says which way a language and a text run, so that a name stands right in a mail that runs the other way."""

from __future__ import annotations

import unicodedata

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_LANGUAGES = frozenset(("ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ug", "ur", "yi"))
_SCRIPTS = frozenset(("arab", "aran", "hebr", "nkoo", "syrc", "thaa"))  # ISO 15924, in lower case
_RIGHT_TO_LEFT = ("R", "AL")
_ATTRIBUTES = {"rtl": Markup(' dir="rtl"'), "ltr": Markup(' dir="ltr"')}


@pass_context
def direction(context: Context, text: str) -> Markup:
    """The attribute ` dir="rtl"` or ` dir="ltr"` where `text` does not run as the mail does, else nothing."""
    around: str = context["brand"].direction
    own = runs(text) or around
    return Markup() if own == around else _ATTRIBUTES[own]


def direction_of(code: str) -> str:
    """`rtl` for languages written from right to left, else `ltr`; a script subtag decides (RFC 5646)."""
    language, *subtags = code.lower().split("-")
    script = next((tag for tag in subtags if len(tag) == 4 and tag.isalpha()), None)
    return "rtl" if (script in _SCRIPTS if script else language in _LANGUAGES) else "ltr"


def runs(text: str) -> str | None:
    """`rtl` or `ltr`, as the first letter of `text` asks for; None where there is no letter."""
    kinds = map(unicodedata.bidirectional, text)
    first = next((kind for kind in kinds if kind in ("L", *_RIGHT_TO_LEFT)), None)
    return None if first is None else ("rtl" if first in _RIGHT_TO_LEFT else "ltr")
