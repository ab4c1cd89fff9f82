"""What a reader had chosen where a list comes from: our own export has it, and it comes along."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from digest.audience.preferring import BadChoice
from digest.clock import parse_moment

CHOICE_COLUMNS: Final = ("language", "text_only", "paused_until")  # as an export has them
_CODE: Final = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}")
_YES_OR_NO: Final = {"": False, "false": False, "true": True}


@dataclass(frozen=True, slots=True)
class Choices:
    """The language of pages and notices, mail as text alone, and no edition before some moment."""

    language: str | None = None
    text_only: bool = False
    paused_until: datetime | None = None


NONE: Final = Choices()


def read_choices(cells: Mapping[str, str]) -> Choices | None:
    """The choices by column, as an export writes them; None where nothing was chosen. Raises BadChoice."""
    if not any(cells.values()):
        return None
    found = Choices(
        _language(cells.get("language", "")),
        _text_only(cells.get("text_only", "")),
        _paused_until(cells.get("paused_until", "")),
    )
    return None if found == NONE else found


def _language(text: str) -> str | None:
    if text and not _CODE.fullmatch(text):
        raise BadChoice("language", f"expected a code such as de or pt-BR, not {text[:40]!r}")
    return text.replace("_", "-") or None


def _text_only(text: str) -> bool:
    if text.lower() not in _YES_OR_NO:
        raise BadChoice("text_only", f"expected true or false, not {text[:40]!r}")
    return _YES_OR_NO[text.lower()]


def _paused_until(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return parse_moment(text)
    except (ValueError, OverflowError) as error:
        expected = f"expected a moment such as 2026-11-19T08:00:00Z, not {text[:40]!r}"
        raise BadChoice("paused_until", expected) from error
