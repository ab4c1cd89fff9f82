"""Moves the theme's styles onto the elements, for mail programs that drop style sheets."""

from __future__ import annotations

import logging
import re
from typing import Any

from digest.rendering.short_colours import full_colours

# Left on, premailer would also write these as attributes and the mail would grow by a fifth.
_NO_ATTRIBUTES = [
    *("align", "bgcolor", "width", "height", "valign", "border"),
    *("cellpadding", "cellspacing", "text-align", "background-color"),
]
_DOCTYPE = re.compile(r"<!doctype html>", re.IGNORECASE)
_KEEP_SHEET = re.compile(r"<style(?=[ >])")
_STYLE = re.compile(r"(<[a-z][a-z0-9]* [^<>]*?style=\")([^\"<>]*)")
_SHEET = re.compile(r"(<style[^>]*>)(.*?)(?=</style>)", re.DOTALL)
_ROOM = re.compile(r"\s*([{};])\s*")
_IGNORE = ' data-premailer="ignore"'


def inline_styles(html: str, theme: str) -> str:
    """The HTML with `theme` on its elements; the document's own style sheets stay as they are."""
    # premailer knows only the upper-case doctype and drops any other, which means quirks mode.
    html = _DOCTYPE.sub("<!DOCTYPE html>", html, count=1)
    html = _KEEP_SHEET.sub(f"<style{_IGNORE}", html)
    return _tight(str(_premailer(html, theme).transform(pretty_print=False)).replace(_IGNORE, ""))


def _tight(html: str) -> str:
    """The HTML with colours of six digits, and without blanks between declarations and rules."""
    html = _SHEET.sub(lambda sheet: sheet[1] + _ROOM.sub(r"\1", sheet[2]), html)
    return _STYLE.sub(_tight_style, html)


def _tight_style(match: re.Match[str]) -> str:
    before, style = match.groups()
    return before + full_colours(style.replace("; ", ";").replace(", ", ","))  # premailer shortened them


def _premailer(html: str, theme: str) -> Any:
    from premailer import (
        Premailer,  # brings cssutils and requests: slow to import, and only rendering needs it
    )

    return Premailer(
        html,
        css_text=[theme],
        allow_network=False,
        allow_loading_external_files=False,
        strip_important=False,
        keep_style_tags=False,
        remove_classes=False,
        disable_link_rewrites=True,
        align_floating_images=False,
        remove_unset_properties=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
        disable_basic_attributes=_NO_ATTRIBUTES,
    )
