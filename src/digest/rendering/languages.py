"""The languages of pages and notices: English as it stands in templates, others by catalogs of sentences."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_percent
from babel.support import Translations
from babel.units import format_unit

from digest.errors import ConfigError
from digest.rendering.direction import direction_of

ENGLISH: Final = "en"
FOLDER: Final = "languages"
# Days as the world writes them in English, `19 November 2026`, and not as the United States do.
_WORLD_ENGLISH: Final = "en_001"
_UNITS: Final = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
_FILLED: Final = re.compile(r"%\(\w+\)s|%%|%|\{[a-z]+\}")
_LINKS: Final = frozenset({"%(link)s", "%(url)s", "{link}"})  # without them a sentence leads nowhere
_LONGEST: Final = 35  # characters of a language tag that is one (RFC 5646 §4.4.1)


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code (RFC 5646), its own name, where its lines begin, and its sentences."""

    code: str
    name: str
    direction: str
    locale: Locale
    sentences: NullTranslations

    @property
    def on(self) -> str:
        """The arrow that leads on, the way the language is read."""
        return "←" if self.direction == "rtl" else "→"

    @property
    def back(self) -> str:
        """The arrow that leads back."""
        return "→" if self.direction == "rtl" else "←"

    def say(self, sentence: str, values: Mapping[str, object] | None = None) -> str:
        """A sentence with its values; as it stands where there is no translation.

        A catalog's percent sign is `%%` with values and without.
        """
        said = self.translated(sentence)
        if values:
            return said % values
        return said if said == sentence else said.replace("%%", "%")

    def translated(self, sentence: str) -> str:
        """A sentence with the places of its values; as it stands where there is no translation."""
        return self.sentences.gettext(sentence) if sentence else ""  # to gettext that is a catalog's head

    def day(self, moment: date) -> str:
        """`19 November 2026`."""
        return format_date(moment, "long", self.locale)

    def lasts(self, span: timedelta) -> str:
        """`30 days`, in the largest unit that the span is a whole number of."""
        seconds = round(span.total_seconds())
        unit, length = next((unit, length) for unit, length in _UNITS if not seconds % length)
        return format_unit(seconds // length, f"duration-{unit}", locale=self.locale)

    def share(self, percent: int) -> str:
        """`75%`."""
        return format_percent(percent / 100, locale=self.locale)


def read_languages(folders: Sequence[Path]) -> Mapping[str, Language]:
    """English, and every language that one of the folders has a catalog for, by code.

    The first folder wins, sentence by sentence. Raises ConfigError, with file and line, for a catalog that
    cannot be read, that fills in other values than the English does, or that loses a link.
    """
    catalogs: dict[str, list[Path]] = {ENGLISH: []}
    for folder in folders:
        for file in sorted((folder / FOLDER).glob("*.po")):
            catalogs.setdefault(file.stem, []).append(file)
    return {code: _language(code, files) for code, files in sorted(catalogs.items(), key=_english_first)}


def match(wanted: str, known: Collection[str]) -> str | None:
    """The code of `known` for a language tag: itself, or what it is a kind of (RFC 4647 §3.4).

    At last any kind of the same language: somebody who reads `pt` is served by `pt-BR`.
    """
    if len(wanted) > _LONGEST:
        return None
    tags = wanted.strip().lower().replace("_", "-").split("-")
    codes = {code.lower(): code for code in known}
    shorter = ("-".join(tags[:length]) for length in range(len(tags), 0, -1))
    found = next((codes[tag] for tag in shorter if tag in codes), None)
    return found or next((code for tag, code in codes.items() if tag.split("-")[0] == tags[0]), None)


def first_known(wanted: Iterable[str | None], known: Collection[str]) -> str:
    """The code of `known` for the first of these tags that has one; English where none does."""
    return next((code for one in wanted if one and (code := match(one, known))), ENGLISH)


def _english_first(entry: tuple[str, object]) -> tuple[bool, str]:
    return entry[0] != ENGLISH, entry[0]


def _language(code: str, files: Iterable[Path]) -> Language:
    sentences: NullTranslations = NullTranslations()
    for file in reversed(list(files)):
        read = _translations(read_catalog(file))
        read.add_fallback(sentences)
        sentences = read
    locale = Locale.parse(_WORLD_ENGLISH if code == ENGLISH else code, sep="_" if code == ENGLISH else "-")
    name = (locale.get_language_name() if code == ENGLISH else locale.get_display_name()) or code
    return Language(code, name[:1].upper() + name[1:], direction_of(code), locale, sentences)


def read_catalog(file: Path) -> Catalog:
    """A catalog of the language that its file is called after; raises ConfigError, with file and line."""
    try:
        with file.open("rb") as content:
            catalog = read_po(content, str(Locale.parse(file.stem, sep="-")), abort_invalid=True)
    except PoFileError as error:
        raise ConfigError(f"{file}:{error.lineno + 1}: expected a gettext catalog: {error}") from error
    except (UnknownLocaleError, ValueError, LookupError) as error:
        raise ConfigError(
            f"{file}: expected a gettext catalog, UTF-8, called as its language: {error}"
        ) from error
    for message in catalog:
        if message.id and not message.fuzzy:
            _check(file, message)
    return catalog


def _check(file: Path, message: Message) -> None:
    """See that a translation fills in only what the English has, and loses no link."""
    known = _filled(message.id)
    for wrong in sorted(_filled(message.string or "") - known - {"%%"}):
        expected = " or ".join(sorted(known - {"%"} | {"%%"}))
        raise ConfigError(f"{file}:{message.lineno}: {wrong} in a translation: expected {expected}")
    for text in filter(None, _texts(message.string or "")):
        for lost in sorted(known & _LINKS - _filled(text)):
            raise ConfigError(f"{file}:{message.lineno}: no link in a translation: expected {lost}")


def _filled(text: str | Iterable[str]) -> set[str]:
    """Where a message is filled in, `%(name)s` or `{name}`, and its percent signs; single ones are wrong."""
    return {found for one in _texts(text) for found in _FILLED.findall(one)}


def _texts(text: str | Iterable[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _translations(catalog: Catalog) -> NullTranslations:
    compiled = BytesIO()
    write_mo(compiled, catalog)  # leaves out what is fuzzy or empty
    compiled.seek(0)
    return Translations(compiled)
