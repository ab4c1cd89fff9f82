"""The settings of how mails and pages look and what they call things; what is unset stays as by default."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from digest.config.group import Group
from digest.config.kinds import Line


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        raise ValueError('expected a colour of six digits such as "#147a4b"')
    return value.lower()


def _fonts(value: str) -> str:
    # What stands in a style attribute: a quotation mark or a semicolon would end it.
    if not re.fullmatch(r"[A-Za-z0-9 ,'_-]{1,200}", value) or value.count("'") % 2:
        raise ValueError("expected typefaces that readers have, such as \"Georgia,'Times New Roman',serif\"")
    return value


def _picture(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or not re.fullmatch(r"[!-~]{1,500}", value):
        raise ValueError('expected a picture\'s https address such as "https://example.org/logo.png"')
    if set('"<>\\') & set(value):
        raise ValueError("expected an address without quotation marks and angle brackets")
    return value


def _words(value: str) -> str:
    # Of nothing but spaces and invisible characters a link would have no words.
    if not any(unicodedata.category(character)[0] in "LNPS" for character in value):
        raise ValueError("expected words that can be seen")
    return value


Colour = Annotated[str, AfterValidator(_colour)]
Fonts = Annotated[str, AfterValidator(_fonts)]
Picture = Annotated[str, AfterValidator(_picture)]
Words = Annotated[Line, Field(max_length=200), AfterValidator(_words)]
Pixels = Annotated[int, Field(ge=8, le=552)]  # a column of 600 with its margins


class Colours(Group):
    """The colours of mails and pages in dark mode."""

    paper: Colour | None = None
    ink: Colour | None = None
    muted: Colour | None = None
    line: Colour | None = None
    rule: Colour | None = None
    box: Colour | None = None
    off: Colour | None = None
    ship: Colour | None = None
    split: Colour | None = None
    skip: Colour | None = None
    accent: Colour | None = None


class Theme(Colours):
    """The colours of mails and pages, their typefaces and a logo."""

    headings: Fonts | None = None
    text: Fonts | None = None
    logo: Picture | None = None
    logo_width: Pixels | None = None
    logo_height: Pixels | None = None

    @model_validator(mode="after")
    def _logo_has_a_size(self) -> Self:
        if self.logo and not (self.logo_width and self.logo_height):
            raise ValueError(
                "a logo needs logo_width and logo_height, which keep its place where it is not shown"
            )
        return self


class Wording(Group):
    """What editions call their parts and links."""

    board: Words | None = None
    ship: Words | None = None
    split: Words | None = None
    skip: Words | None = None
    none: Words | None = None
    yardstick: Words | None = None
    against: Words | None = None
    pairs: Words | None = None
    briefly: Words | None = None
    updates: Words | None = None
    read: Words | None = None
    browser: Words | None = None
    unsubscribe: Words | None = None
    preferences: Words | None = None
    why: Words | None = None
