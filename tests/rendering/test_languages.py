"""Catalogs: every sentence in every language, operators' own, and what is wrong with a broken one."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest.bundled import bundled
from digest.errors import ConfigError
from digest.rendering.languages import match, read_catalog, read_languages
from tests.support.messages import messages

KNOWN = ("en", "de", "pt-BR")
BUNDLED = bundled("subscribers")
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def catalog(folder: Path, name: str, *entries: tuple[str, str]) -> Path:
    """A folder of an operator's with a catalog in it."""
    (folder / "languages").mkdir(exist_ok=True)
    body = "\n".join(f'msgid "{english}"\nmsgstr "{said}"\n' for english, said in entries)
    (folder / "languages" / name).write_text(HEAD + body, "utf-8")
    return folder


@pytest.mark.parametrize("file", sorted((BUNDLED / "languages").glob("*.po")), ids=lambda file: file.name)
def test_catalogs_are_complete(file: Path) -> None:
    """Each has a translation for every sentence there is, and for none that there is not."""
    wanted = {message.id for message in messages() if message.id}
    has = {message.id for message in read_catalog(file) if message.string and not message.fuzzy}
    hint = "`python -m tests.support.messages` brings it up to date"
    assert not wanted - (has - {""}), f"without a translation; {hint}"
    assert not (has - {""}) - wanted, f"translated, but said nowhere; {hint}"


@pytest.mark.parametrize("file", sorted((BUNDLED / "languages").glob("*.po")), ids=lambda file: file.name)
def test_translations_fill_in_the_same(file: Path) -> None:
    """Every value and every tag of the English stands in the translation."""
    for message in read_catalog(file):
        if message.id:
            for english, said in zip(_texts(message.id), _texts(message.string), strict=False):
                kept = re.compile(r"%\(\w+\)s|</?\w+")
                assert sorted(kept.findall(english)) == sorted(kept.findall(said)), english


def test_days_spans_and_shares() -> None:
    """As the language writes them."""
    spoken = read_languages([BUNDLED])
    assert spoken["en"].day(date(2026, 11, 9)) == "9 November 2026"
    assert spoken["de"].day(date(2026, 11, 9)) == "9. November 2026"
    assert [spoken["en"].lasts(timedelta(hours=hours)) for hours in (1, 24, 36, 720)] == [
        "1 hour",
        "1 day",
        "36 hours",
        "30 days",
    ]
    assert spoken["de"].lasts(timedelta(days=30)) == "30 Tage"
    assert (spoken["en"].share(75), spoken["de"].share(75)) == ("75%", "75\u00a0%")


def test_a_language_of_the_operators(tmp_path: Path) -> None:
    """A catalog in their own folder is a language more; what it lacks is said in English."""
    own = catalog(tmp_path, "he.po", ("Archive", "ארכיון"))
    languages = read_languages([own, BUNDLED])
    assert list(languages) == ["en", "de", "he"]
    hebrew = languages["he"]
    assert (hebrew.name, hebrew.direction) == ("עברית", "rtl")
    assert (hebrew.back, hebrew.on) == (languages["en"].on, languages["en"].back) == ("→", "←")
    assert hebrew.sentences.gettext("Archive") == "ארכיון"
    assert hebrew.sentences.gettext("Subscribe") == "Subscribe"


def test_a_sentence_of_the_operators(tmp_path: Path) -> None:
    """Their words win one by one, in English too; the rest is as bundled."""
    catalog(tmp_path, "de.po", ("Archive", "Alle Ausgaben"))
    own = catalog(tmp_path, "en.po", ("Archive", "All editions"))
    languages = read_languages([own, BUNDLED])
    assert languages["de"].sentences.gettext("Archive") == "Alle Ausgaben"
    assert languages["de"].sentences.gettext("Language") == "Sprache"
    assert languages["en"].sentences.gettext("Archive") == "All editions"
    assert languages["en"].name == "English"


def test_fuzzy_sentences_are_left_out(tmp_path: Path) -> None:
    """What a translator was not sure of is not said."""
    own = catalog(tmp_path, "nl.po", ("Archive", "Archief"))
    file = own / "languages" / "nl.po"
    file.write_text(file.read_text("utf-8").replace('msgid "Archive"', '#, fuzzy\nmsgid "Archive"'), "utf-8")
    assert read_languages([own])["nl"].sentences.gettext("Archive") == "Archive"


MANY = 'msgid "%(link)s: %(n)s"\nmsgid_plural "%(link)s: %(n)s"\nmsgstr[0] "{}"\nmsgstr[1] "%(n)s{}"\n'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nl.po", b"nonsense\n", "nl.po:1"),
        ("nl.po", (HEAD + 'msgid "Leave %(name)s?"\nmsgstr "Weg van %(nmae)s?"\n').encode(), "nl.po:5"),
        ("nl.po", (HEAD + 'msgid "Archive"\nmsgstr "100%"\n').encode(), "nl.po:5"),
        ("nl.po", (HEAD + 'msgid "%(link)s leads on"\nmsgstr "Weg"\n').encode(), "nl.po:5: no link"),
        ("nl.po", (HEAD + MANY.format("%(link)s: %(n)s", "")).encode(), "nl.po:5: no link"),
        ("nl.po", HEAD.encode() + b'msgid "Archive"\nmsgstr "\xff"\n', "nl.po"),
        ("klingon.po", HEAD.encode(), "klingon.po"),
    ],
)
def test_broken_catalogs_are_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """The error says which file, which line, and what was expected."""
    catalog(tmp_path, name)
    (tmp_path / "languages" / name).write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(said) + ".*expected"):
        read_languages([tmp_path, BUNDLED])


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("DE", "de"),
        ("de_AT", "de"),
        ("pt-br", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("", None),
        ("d", None),
        ("-", None),
        ("de" + "-x" * 17, None),
    ],
)
def test_matching(tag: str, code: str | None) -> None:
    """Whatever their case, and as what they are a kind of; nothing longer than a tag may be is one."""
    assert match(tag, KNOWN) == code


def _texts(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())
