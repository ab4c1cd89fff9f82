"""Hostile values: whatever a name holds, the mail stays one mail and says no more than the name."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import html as lxml_html

from digest.editions.story import Quote, Story
from digest.editions.telling import build_story
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus

HOSTILE = {
    "script": '"><script>alert(1)</script>',
    "attribute": '" onclick="x" style=\'color:red\'',
    "template": "{{ 7*7 }} {% include 'x' %} {# no #}",
    "mjml": "</mj-text><mj-raw><b>out</b></mj-raw><mj-include path='/etc/passwd' />",
    "comment": "<!-- --> --> <!--[if mso]> ]]> <![endif]-->",
    "link": "https://mffffffffffffffff.invalid/unsubscribe",
    "entities": "R&D &amp; &lt;b&gt; &nbsp; &#34; '",
    "lines": "one\ntwo\r\nthree\u2028four\u2029five\x85six",
    "controls": "bell\x07 nul\x00 escape\x1b[31m delete\x7f",
    "surrogate": "half \ud83d an emoji",
    "direction": "\u202egnp.exe\u202c \u2066x",
    "arabic": "أداة ذكية",
    "hebrew": "כלי חכם",
    "emoji": "Tool 👩‍🚀🏽 🎉",
    "long": "L" * 300,
    "css": "</style><style>*{display:none}",
    "nothing": "",
}


OURS = {
    *("html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td"),
    *("p", "h1", "h2", "h3", "a", "strong", "span", "br", "em", "code", "pre"),
}


def hostile_story(value: str) -> Story:
    """A story in which every string is the value."""
    odd = tool(
        value,
        50,
        slug="odd",
        category=value,
        tagline=value,
        description=value,
        entry=value or None,
        quotes=0,
    )
    odd = replace(odd, quotes=(Quote(value, value, "ship"), Quote(value, value, None)))
    comparisons = [
        versus(odd, tool("B", 100)),
        versus(tool("C"), odd),
        versus(tool("D"), replace(odd, slug="o2")),
    ]
    return build_story("2026-W47", comparisons, intro=value)


@pytest.fixture(params=HOSTILE)
def value(request: pytest.FixtureRequest) -> str:
    """Each hostile value in turn."""
    return HOSTILE[request.param]


@pytest.fixture
def mail(value: str) -> Rendered:
    """The edition full of that value."""
    return Renderer(BRANDING).edition(hostile_story(value), MARKER)


def elements(html: str) -> set[str]:
    """The names of all elements in the document."""
    return {element.tag for element in lxml_html.fromstring(html).iter() if isinstance(element.tag, str)}


def test_no_value_becomes_markup(mail: Rendered) -> None:
    """The document holds only what our templates and the intro's Markdown put there."""
    assert elements(mail.html) <= OURS
    attributes = [name for element in lxml_html.fromstring(mail.html).iter() for name in dict(element.attrib)]
    handlers = [name for name in attributes if name.startswith("on")]
    assert handlers == []


def test_no_value_is_a_template(mail: Rendered) -> None:
    """Braces in a value are braces."""
    assert "49" not in re.sub(r"#[0-9a-f]{6}", "", mail.text)
    assert "passwd:" not in mail.html


def test_no_value_breaks_a_line(mail: Rendered) -> None:
    """Subject and text hold no control characters; the text's only line breaks are our own."""
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", mail.subject)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", mail.text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", mail.subject + mail.html + mail.text)
    (mail.subject + mail.html + mail.text).encode()


def test_no_value_pretends_to_be_a_readers_link(mail: Rendered) -> None:
    """Only our own markers count, and there are three of them in each part."""
    assert mail.html.count(MARKER) == 3
    assert mail.text.count(MARKER) == 3


def test_the_layout_survives(mail: Rendered) -> None:
    """Doctype, footer and both tools of each comparison are still there."""
    assert mail.html.startswith("<!DOCTYPE html>")
    assert mail.html.rstrip().endswith("</html>")
    assert "Verdict Makers" in mail.html
    assert mail.html.count("Read ") >= 3


def test_a_visible_value_is_shown_as_written() -> None:
    """Escaping goes one way and back: readers see the characters, no entities."""
    mail = Renderer(BRANDING).edition(hostile_story(HOSTILE["entities"]), MARKER)
    assert "R&D &amp; &lt;b&gt;" in lxml_html.fromstring(mail.html).text_content()
    assert "R&D &amp; &lt;b&gt;" in mail.text


def test_a_right_to_left_name_runs_that_way() -> None:
    """The name has its own direction inside a left-to-right mail."""
    mail = Renderer(BRANDING).edition(hostile_story(HOSTILE["hebrew"]), MARKER)
    assert '<h3 class="n" dir="rtl"' in mail.html


def test_a_hostile_link_is_escaped() -> None:
    """A quote in an address cannot leave its attribute."""
    pair = replace(versus(tool("A"), tool("B")), url='https://site.example.org/?a=1&b="><script>x')
    mail = Renderer(BRANDING).edition(build_story("2026-W47", [pair]), MARKER)
    assert "<script" not in mail.html


def test_a_newsletter_in_a_right_to_left_language() -> None:
    """Language and direction come from the settings."""
    brand = replace(BRANDING, language="he", name="שבועון")
    mail = Renderer(brand).edition(hostile_story("x"), MARKER)
    assert mail.html.count('lang="he" dir="rtl"') == 3
    assert "text-align:right" in mail.html
