"""The editor's words: Markdown in, a small safe piece of HTML or plain lines out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from digest.editions.phrasing import clean

MAX_DEPTH = 20
_TAGS = {"p", "a", "em", "strong", "s", "ul", "ol", "li", "blockquote", "h2", "br", "code", "pre", "hr"}
_VOID = {"br", "hr"}
_SCHEMES = ("http://", "https://", "mailto:")
_LINK = re.compile(r"\[([^\]\n]{1,500})\]\(<?([^\s()<>]{1,2000})>?(?:\s+\"[^\"\n]{0,200}\")?\)")
_ITEM = re.compile(r"\s*(?:[-*+>#]|\d{1,3}[.)])")


def markdown_html(text: str) -> Markup:
    """Markdown as HTML that cannot harm: no raw HTML, no images, absolute links, little nesting."""
    markup = nh3.clean(
        _rendered(_cleaned_lines(text)),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    safe = markup if _depth(markup) <= MAX_DEPTH else _plain(text)
    return Markup(safe)  # noqa: S704 - nh3 or html.escape has been over it


def markdown_lines(text: str) -> list[str]:
    """Markdown as paragraphs and list items, one string each and "" between; links show where they lead."""
    lines: list[str] = []
    for raw in _cleaned_lines(text).split("\n"):
        line = _LINK.sub(_shown_link, raw.strip())
        if line and lines and lines[-1] and not _ITEM.match(line):
            lines[-1] += f" {line}"
        elif line or (lines and lines[-1]):
            lines.append(line)
    return lines[:-1] if lines and not lines[-1] else lines


def _cleaned_lines(text: str) -> str:
    """The text without control characters; line breaks and the spaces that begin a line stay."""
    lines = text.splitlines()
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + clean(line) for line in lines)


def _rendered(text: str) -> str:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_DEPTH}).enable("strikethrough")
    parser.disable("image")
    tokens = parser.parse(text)
    for token in tokens:
        # The edition's headline is the only h1, and an intro stands right below it.
        token.tag = "h2" if token.type in ("heading_open", "heading_close") else token.tag
        token.children = list(_only_absolute(token.children or ()))
    return str(parser.renderer.render(tokens, parser.options, {}))


def _only_absolute(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens of a line; of a link that leads nowhere from an inbox only its words. Links never nest."""
    leads = True
    for token in tokens:
        if token.type == "link_open":
            leads = str(token.attrGet("href")).lower().startswith(_SCHEMES)
        if leads or token.type not in ("link_open", "link_close"):
            yield token


def _plain(text: str) -> str:
    return "".join(f"<p>{html.escape(line)}</p>" for line in markdown_lines(text) if line)


def _shown_link(match: re.Match[str]) -> str:
    label, address = match.groups()
    return f"{label} ({address})" if address.lower().startswith(_SCHEMES) else label


class _Depth(HTMLParser):
    """Measures how deep the tags of a balanced piece of HTML nest."""

    now = deepest = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.now += tag not in _VOID
        self.deepest = max(self.deepest, self.now)

    def handle_endtag(self, tag: str) -> None:
        self.now -= tag not in _VOID


def _depth(markup: str) -> int:
    parser = _Depth()
    parser.feed(markup)
    parser.close()
    return parser.deepest
