"""Fills names into an operator's words."""

from __future__ import annotations

import re

_NAME = re.compile(r"\{([a-z]+)\}")


def filled(words: str, **names: str) -> str:
    """The words with each `{name}` filled in, once; braces around anything else stay as they are."""
    return _NAME.sub(lambda match: names.get(match[1], match[0]), words)
