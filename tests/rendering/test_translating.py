"""Notices in every language: sentences as mere words, and operators' own templates as they are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from digest.bundled import bundled
from digest.errors import RenderError
from digest.rendering.languages import read_catalog, read_languages
from digest.rendering.notices import NOTICES
from digest.rendering.rendered import Rendered, reader_link
from digest.rendering.renderer import Renderer
from digest.rendering.theme import Theme, Wording
from tests.rendering.test_languages import catalog
from tests.rendering.test_templates import write
from tests.support.messages import notices, of_notices
from tests.support.stories import BRANDING, MARKER

BUNDLED = bundled("subscribers")
LANGUAGES = read_languages([BUNDLED])
LEAD = (
    "Somebody asked to get %(name)s at this address. If it was you, confirm it, and the next edition comes to"
    " this inbox."
)
ALREADY = (
    "Somebody, probably you, asked to get %(name)s at this address. It is subscribed already, so there is"
    " nothing to do."
)


def rendered(name: str, wish: str | None, *, own: Path | None = None, language: str = "en") -> Rendered:
    """A notice in every language there is, and in those of a folder of an operator's."""
    languages = read_languages([own, BUNDLED]) if own else LANGUAGES
    return Renderer(replace(BRANDING, language=language), own, languages).notice(name, {}, MARKER, wish)


@pytest.mark.parametrize("file", notices(), ids=lambda file: f"{file.parent.name}-{file.name}")
def test_templates_have_no_words_of_their_own(file: Path) -> None:
    """Whatever a notice says stands in a sentence for translators."""
    text = re.sub(r"\{% trans.*?\{% endtrans %\}", "", file.read_text("utf-8"), flags=re.DOTALL)
    literals = re.sub(r'_\("[^"]*"', "", " ".join(re.findall(r"\{\{.*?\}\}", text, flags=re.DOTALL)))
    assert not [one for one in re.findall(r'"[^"]*"', literals) if re.search("[A-Za-z]{2,}", one)]
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]+>", "", text, flags=re.DOTALL)
    assert not re.findall(r"[A-Za-z]{2,}", text)


@pytest.mark.parametrize("file", sorted((BUNDLED / "languages").glob("*.po")), ids=lambda file: file.name)
def test_sentences_of_notices_are_mere_words(file: Path) -> None:
    """Both parts say them, so neither they nor their translations hold any markup."""
    translated = {str(one.id): str(one.string) for one in read_catalog(file)}
    for sentence in of_notices():
        assert not re.search(r"[<>]|&\w+;", sentence + translated[sentence]), sentence


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", NOTICES)
def test_every_notice_in_every_language(name: str, code: str) -> None:
    """It says which, keeps its links, fits into its lines, and nothing of the English is left."""
    mail = rendered(name, code)
    assert set(re.findall(r'\blang="([^"]*)"', mail.html)) == {code}
    for part in (mail.html, mail.text):
        assert all(reader_link(MARKER, link) in part for link in NOTICES[name])
        assert "%(" not in part
    assert not [line for line in mail.text.splitlines() if len(line) > 72 and "https://" not in line]
    if code != "en":
        english = rendered(name, "en")
        shared = set(mail.text.splitlines()) & set(english.text.splitlines())
        assert not [line for line in shared if re.search(r"[a-z]", line) and not _is_a_fact(line)]
        assert mail.subject != english.subject


def _is_a_fact(line: str) -> bool:
    return "https://" in line or line.startswith(("news.example.org", "Verdict Makers"))


@pytest.mark.parametrize(
    ("wish", "newsletter", "code"),
    [
        (None, "en", "en"),
        ("de", "en", "de"),
        ("de-AT", "en", "de"),
        ("en", "de", "en"),
        (None, "de", "de"),
        ("tlh", "de-CH", "de"),
        ("tlh", "fr", "en"),
        ("x" * 500, "en", "en"),
        ("", "en", "en"),
    ],
)
def test_which_language(wish: str | None, newsletter: str, code: str) -> None:
    """The reader's where there is a catalog for it, else the newsletter's, else English; it says so."""
    mail = rendered("goodbye", wish, language=newsletter)
    assert f'<html lang="{code}" dir="ltr"' in mail.html
    subjects = {"en": "You have left Weekly Verdicts", "de": "Sie haben Weekly Verdicts abbestellt"}
    assert mail.subject == subjects[code]


def test_how_long_a_link_works() -> None:
    """One day and several, as the language says it."""
    assert "It works for 7 days." in rendered("confirm", "en").text
    assert "Er gilt 7 Tage." in rendered("confirm", "de").text
    assert "The link works for 1 day." in rendered("your-data", "en").text
    assert "Der Link gilt 1 Tag." in rendered("your-data", "de").text


def test_a_language_from_the_right(tmp_path: Path) -> None:
    """The mail turns round with it, and what the catalog lacks is said in English."""
    own = catalog(tmp_path, "he.po", ("Is this you?", "זה אתם?"))
    mail = rendered("confirm", "he", own=own)
    assert '<html lang="he" dir="rtl"' in mail.html
    assert re.search(r"<h1[^>]*>זה אתם\?</h1>", mail.html)
    assert 'align="right"' in mail.html
    assert "text-align:right" in mail.html
    assert mail.subject == "Confirm your subscription to Weekly Verdicts"


def test_what_a_catalog_holds_is_no_markup(tmp_path: Path) -> None:
    """Tags, entities, quotes and template code in a translation are shown as they are, in one line."""
    hostile = (
        "<script>alert(1)</script> & </p>{{ brand }} </mj-text> &lt; %(name)s 100%%\\nBcc: x@y.z\\r\\n\u202e"
    )
    own = catalog(tmp_path, "nl.po", (LEAD, hostile), ("Confirm my subscription", "<b>ja</b>\\n\u202e!"))
    mail = rendered("confirm", "nl", own=own)
    assert "<script" not in mail.html
    shown = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;/p&gt;{{ brand }} &lt;/mj-text&gt; &amp;lt;"
    assert f"{shown} Weekly Verdicts 100% Bcc: x@y.z</p>" in mail.html
    assert "&lt;b&gt;ja&lt;/b&gt; !</a>" in mail.html


def test_percent_signs_are_doubled_in_every_sentence(tmp_path: Path) -> None:
    """With values in it or without, in both parts."""
    doubled = ("100%% op de lijst", "100%% %(name)s")
    own = catalog(tmp_path, "nl.po", ("You are already on the list", doubled[0]), (ALREADY, doubled[1]))
    mail = rendered("already-subscribed", "nl", own=own)
    for part in (mail.html, mail.text):
        assert "100% op de lijst" in part
        assert "100% Weekly Verdicts" in part
        assert "%%" not in part


def test_a_subject_stays_one_line(tmp_path: Path) -> None:
    """Whatever a catalog puts into it."""
    own = catalog(tmp_path, "nl.po", ("Your data at %(name)s", "Bij %(name)s\\r\\nBcc: x@example.org"))
    assert rendered("your-data", "nl", own=own).subject == "Bij Weekly Verdicts Bcc: x@example.org"


def test_a_name_is_no_markup_in_a_sentence() -> None:
    """Values are escaped where a sentence is, and the text part has them as they are."""
    brand = replace(BRANDING, name="<i>Ours</i> & 100% %(site)s")
    mail = Renderer(brand, None, LANGUAGES).notice("confirm", {}, MARKER, "de")
    assert "Jemand möchte &lt;i&gt;Ours&lt;/i&gt; &amp; 100% %(site)s an diese Adresse" in mail.html
    assert "<i>" not in mail.html
    assert "Jemand möchte <i>Ours</i> & 100% %(site)s" in mail.text
    assert mail.subject == f"Bitte bestätigen Sie Ihr Abonnement von {brand.name}"


def test_the_operators_reason() -> None:
    """`wording.why` is said as it stands in every language; ours is translated."""
    assert "weil Sie Weekly Verdicts auf" in rendered("welcome", "de").text
    own = replace(BRANDING, theme=Theme(wording=Wording(why="100% {name}, <b>%(x)s</b> {nobody}.")))
    mail = Renderer(own, None, LANGUAGES).notice("welcome", {}, MARKER, "de")
    assert "100% Weekly Verdicts, <b>%(x)s</b> {nobody}." in mail.text
    assert "100% Weekly Verdicts, &lt;b&gt;%(x)s&lt;/b&gt; {nobody}." in mail.html


def test_a_word_of_the_operators_in_english(tmp_path: Path) -> None:
    """A catalog of theirs changes ours, one by one."""
    own = catalog(tmp_path, "en.po", ("Is this you?", "Was that you?"))
    mail = rendered("confirm", None, own=own)
    assert "Was that you?\n=============" in mail.text
    assert "It was not you?" in mail.text


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("file", ["subject.txt", "body.mjml", "body.txt"])
def test_an_operators_words_are_in_the_newsletters_language(tmp_path: Path, file: str, language: str) -> None:
    """One file of theirs without sentences for translators, and the whole notice is no other for anybody."""
    body = '{% extends "_base/layout.mjml" %}{% block body %}<p>Adieu</p>{% endblock %}'
    write(tmp_path, f"goodbye/{file}", body if file == "body.mjml" else "Adieu")
    mails = [rendered("goodbye", wish, own=tmp_path, language=language) for wish in (None, "de", "en")]
    assert mails[0] == mails[1] == mails[2]
    assert f'<html lang="{language}"' in mails[0].html
    parts = {"subject.txt": mails[0].subject, "body.mjml": mails[0].html, "body.txt": mails[0].text}
    assert "Adieu" in parts[file]
    assert '<html lang="de"' in rendered("welcome", "de", own=tmp_path, language=language).html


def test_an_operators_template_with_sentences_is_translated(tmp_path: Path) -> None:
    """They may use ours and their own."""
    catalog(tmp_path, "de.po", ("So long, %(name)s.", "Bis dann, %(name)s."))
    head = '{% extends "_base/layout.mjml" %}{% block body %}\n<p>\n'
    body = "{% trans name=brand.name %}So long, {{ name }}.{% endtrans %} {{ _('Thank you for reading.') }}"
    write(tmp_path, "goodbye/body.mjml", f"{head}{body}\n</p>\n{{% endblock %}}")
    mail = rendered("goodbye", "de", own=tmp_path)
    assert "Bis dann, Weekly Verdicts. Danke fürs Lesen." in mail.html
    assert '<html lang="de"' in mail.html


def test_an_empty_sentence_says_nothing(tmp_path: Path) -> None:
    """To gettext it would be the head of a catalog."""
    write(tmp_path, "goodbye/subject.txt", "{{ _('') }}{{ gettext('') }}{{ _('Thank you for reading.') }}")
    assert rendered("goodbye", "de", own=tmp_path).subject == "Danke fürs Lesen."


def test_a_tag_in_a_sentence_is_a_word_like_others(tmp_path: Path) -> None:
    """It is found in the catalog, and shown: tags stand outside of sentences."""
    catalog(tmp_path, "de.po", ("<b>So</b> long.", "<b>Bis</b> dann."))
    head = '{% extends "_base/layout.mjml" %}{% block body %}\n<p>\n'
    write(
        tmp_path,
        "goodbye/body.mjml",
        f"{head}{{% trans %}}\n<b>So</b> long.\n{{% endtrans %}}\n</p>{{% endblock %}}",
    )
    assert "&lt;b&gt;Bis&lt;/b&gt; dann." in rendered("goodbye", "de", own=tmp_path).html
    assert "&lt;b&gt;So&lt;/b&gt; long." in rendered("goodbye", "en", own=tmp_path).html


def test_plurals_of_an_operators_template(tmp_path: Path) -> None:
    """By the catalog's own rule; in English where it has none."""
    one = "{% trans count=days %}One day{% pluralize %}{{ count }} days{% endtrans %}"
    write(tmp_path, "your-data/subject.txt", one)
    write(tmp_path, "confirm/subject.txt", one)
    assert rendered("your-data", "de", own=tmp_path).subject == "One day"
    assert rendered("confirm", "de", own=tmp_path).subject == "7 days"
    file = BUNDLED / "languages" / "de.po"
    head = file.read_text("utf-8").partition("\n\n")[0]
    german = (
        'msgid "One day"\nmsgid_plural "%(count)s days"\nmsgstr[0] "Ein Tag"\nmsgstr[1] "%(count)s Tage"\n'
    )
    (tmp_path / "languages").mkdir()
    (tmp_path / "languages" / "de.po").write_text(f"{head}\n\n{german}", "utf-8")
    assert rendered("your-data", "de", own=tmp_path).subject == "Ein Tag"
    assert rendered("confirm", "de", own=tmp_path).subject == "7 Tage"


def test_a_broken_template_is_named_all_the_same(tmp_path: Path) -> None:
    """That it has no sentences is not what is wrong with it."""
    path = write(tmp_path, "goodbye/body.txt", "fine\n{% trans %}no end")
    with pytest.raises(RenderError, match=f"{path}:2: "):
        rendered("goodbye", "de", own=tmp_path)
