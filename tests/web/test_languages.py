"""Catalogs: every sentence in every language, operators' own, and what is wrong with a broken one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from digest.audience import addresses, moving, preferring
from digest.bundled import bundled
from digest.errors import ConfigError
from digest.rendering.branding import Branding
from digest.web import preferring as web_preferring
from digest.web.languages import read_catalog, read_languages
from digest.web.pages import Pages
from digest.web.sentences import SENTENCES, as_made
from digest.web.speaking import asking
from tests.support.messages import messages

BRAND = Branding("Weekly", "1 Example Street", "The Desk", "https://digest.example.org")
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


def test_templates_have_no_words_of_their_own() -> None:
    """Whatever letters a template shows stand in a sentence for translators."""
    for file in sorted((BUNDLED / "pages").glob("*.html")):
        text = file.read_text("utf-8")
        assert not re.search(r"_\([^)]*%%", text), f"{file.name}: _() takes a percent sign as it is"
        text = re.sub(r"\{% trans.*?\{% endtrans %\}", "", text, flags=re.DOTALL)
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL)
        assert not re.findall(r'(?:aria-label|title|alt|placeholder)="[^"]*[A-Za-z]', text), file.name
        shown = re.sub(r"<!?[a-z/][^>]*>", "", re.sub(r'[\w-]+="[^"]*"|autofocus', "", text))
        assert not re.findall(r"[A-Za-z]{2,}", shown), file.name


def _raised(module: ModuleType, kind: str) -> Iterator[str]:
    """What errors of a kind are raised with in a module, with `…` where values go."""
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind:
            said = node.args[-1]
            for one in (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,):
                if not isinstance(one, ast.Call):  # the words of another error, which is looked at itself
                    yield _said(one, module)


def _said(node: ast.expr, module: ModuleType) -> str:
    if isinstance(node, ast.Name):
        return str(getattr(module, node.id))
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
    return str(ast.literal_eval(node))


@pytest.mark.parametrize("module", [addresses, moving, preferring, web_preferring])
def test_errors_that_pages_show_can_be_translated(module: ModuleType) -> None:
    """Every sentence that such an error is raised with is known to the catalogs."""
    found = [said for kind in ("BadChoice", "NotAnAddress") for said in _raised(module, kind)]
    assert found
    for sentence in found:
        assert sentence in SENTENCES or as_made(sentence), sentence


def test_sentences_of_python() -> None:
    """A sentence with values in it is found again, and they are kept whatever they hold."""
    german = read_languages([BUNDLED], BRAND)["de"]
    assert german.say("2026, week 47") == "2026, Woche 47"
    assert german.say("Level at 50%") == "Gleichauf bei 50\u00a0%"
    assert german.say("%(tool)s <b> leads by 7 points") == "%(tool)s <b> führt mit 7 Punkten Vorsprung"
    assert german.say("Nobody has ever said this.") == "Nobody has ever said this."
    assert german.say("") == ""
    assert read_languages([BUNDLED], BRAND)["en"].say("2026, week 47") == "2026, week 47"


def test_days_spans_and_shares() -> None:
    """As the language writes them."""
    spoken = read_languages([BUNDLED], BRAND)
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


def test_what_python_says_is_no_markup(tmp_path: Path) -> None:
    """Sentences with what a reader typed are escaped, and their percent signs are none of ours."""
    pages = Pages(BRAND)
    answer = pages.show("problem", title="100% <b>%(x)s</b>", message="%s %", again=False)
    assert "<h1>100% &lt;b&gt;%(x)s&lt;/b&gt;</h1>" in bytes(answer.body).decode()


def test_a_language_of_the_operators(tmp_path: Path) -> None:
    """A catalog in their own folder is a language more; what it lacks is said in English."""
    own = catalog(tmp_path, "he.po", ("Archive", "ארכיון"))
    languages = read_languages([own, BUNDLED], BRAND)
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
    languages = read_languages([own, BUNDLED], BRAND)
    assert languages["de"].sentences.gettext("Archive") == "Alle Ausgaben"
    assert languages["de"].sentences.gettext("Language") == "Sprache"
    assert languages["en"].sentences.gettext("Archive") == "All editions"
    assert languages["en"].name == "English"


def test_fuzzy_sentences_are_left_out(tmp_path: Path) -> None:
    """What a translator was not sure of is not said."""
    own = catalog(tmp_path, "nl.po", ("Archive", "Archief"))
    file = own / "languages" / "nl.po"
    file.write_text(file.read_text("utf-8").replace('msgid "Archive"', '#, fuzzy\nmsgid "Archive"'), "utf-8")
    assert read_languages([own], BRAND)["nl"].sentences.gettext("Archive") == "Archive"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nl.po", b"nonsense\n", "nl.po:1"),
        ("nl.po", (HEAD + 'msgid "Leave %(name)s?"\nmsgstr "Weg van %(nmae)s?"\n').encode(), "nl.po:5"),
        ("nl.po", (HEAD + 'msgid "Archive"\nmsgstr "100%"\n').encode(), "nl.po:5"),
        ("nl.po", HEAD.encode() + b'msgid "Archive"\nmsgstr "\xff"\n', "nl.po"),
        ("klingon.po", HEAD.encode(), "klingon.po"),
    ],
)
def test_broken_catalogs_are_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """The error says which file, which line, and what was expected."""
    catalog(tmp_path, name)
    (tmp_path / "languages" / name).write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(said) + ".*expected"):
        read_languages([tmp_path, BUNDLED], BRAND)


def test_consent_by_language(tmp_path: Path) -> None:
    """An operator's own consent holds in every language but those it was written anew for."""
    (tmp_path / "consent.txt").write_text("I agree.", "utf-8")
    (tmp_path / "consent.de.txt").write_text("Ich stimme zu.", "utf-8")
    pages = Pages(BRAND, tmp_path)
    assert pages.wording() == "I agree."
    with asking({"type": "http", "query_string": b"lang=de", "headers": []}):
        assert pages.wording() == "Ich stimme zu."


def _texts(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())
