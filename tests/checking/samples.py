"""Mails to check: a small one without a fault, the same with one thing changed, and a real edition."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from digest.checking.findings import Finding, Level
from digest.checking.mail import Mail
from digest.delivery.composing import compose
from digest.delivery.headers import Headers, message_id
from digest.editions.telling import build_story
from digest.rendering.fitting import SMALL_BUDGET
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus

SENT = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
BASE = "https://news.example.org"
TOKEN = "AbCdEf-0123456789_ghijklmnopqrstuvwxyzABCDEFGH"
SUBJECT = "Ace wins the whole panel"
PREHEADER = "Two tools this week, and one of them everybody would ship."
STYLE = "a { color: #14693f }"
BODY = (
    '<h1>The verdict on Ace</h1><p>Everybody would ship it. <a href="https://site.example.org/ace">'
    "Read Ace vs Mark</a></p><h2>Where you stand</h2>"
    f'<p><a href="{BASE}/unsubscribe/{TOKEN}">Unsubscribe</a></p>'
)
TEXT = (
    f"The verdict on Ace\n\nRead Ace vs Mark:\nhttps://site.example.org/ace\n\n"
    f"Unsubscribe: {BASE}/unsubscribe/{TOKEN}\n"
)


def page(body: str = BODY, *, head: str = "", style: str = STYLE, preheader: str = PREHEADER) -> str:
    """A whole HTML part around `body`."""
    hidden = f'<div lang="en" dir="ltr" style="display:none">{preheader}</div>' if preheader else ""
    return (
        '<!DOCTYPE html><html lang="en" dir="ltr">'
        f"<head><title>Ace</title><style>{style}</style>{head}</head>"
        f'<body>{hidden}<div lang="en" dir="ltr">{body}</div></body></html>'
    )


def sent(rendered: Rendered) -> tuple[bytes, dict[str, str]]:
    """One reader's message, and that reader's own links."""
    envelope = Headers(
        sender="Weekly Verdicts <weekly@example.org>",
        name="Weekly Verdicts",
        list_id="weekly.example.org",
        list_unsubscribe=True,
        bulk=True,
    )
    pieces = compose(rendered, envelope)
    own = {name: f"{BASE}/{name}/{TOKEN}" for name in pieces.links}
    identity = message_id("seed", "reader", "example.org")
    return pieces.message(to="reader@example.org", message_id=identity, date=SENT, links=own), own


def good(**changes: object) -> Mail:
    """A mail without any fault, with what is given changed."""
    message, own = sent(Rendered(SUBJECT, page(), TEXT, MARKER))
    links, items = frozenset(own.values()), ("Ace vs Mark",)
    mail = Mail(SUBJECT, PREHEADER, page(), TEXT, message, links, SMALL_BUDGET, items)
    return replace(mail, **changes)  # type: ignore[arg-type]


def edition(count: int = 4) -> Mail:
    """A bundled edition about `count` comparisons, as one reader gets it."""
    mark = tool("Mark", 75, community=64, entry="Freemium")
    pairs = [versus(tool(f"Ace {number}", 50), mark) for number in range(count - 1)]
    pairs.append(versus(tool("Dot", 67), tool("Eel", None, quotes=0)))
    story = build_story("2026-W47", pairs, intro="See [our *method*](https://site.example.org/method).")
    rendered = Renderer(BRANDING).edition(story, MARKER)
    message, own = sent(rendered)

    def filled(part: str) -> str:
        return re.sub(rf"https://{MARKER}\.invalid/([a-z-]+)", lambda link: own[link[1]], part)

    items = [words for pair in pairs for words in (pair.left.name, pair.right.name, pair.title)]
    html, text = filled(rendered.html), filled(rendered.text)
    links = frozenset(own.values())
    return Mail(rendered.subject, story.preheader, html, text, message, links, SMALL_BUDGET, tuple(items))


def levels(findings: Iterable[Finding]) -> set[Level]:
    """Which levels there are."""
    return {finding.level for finding in findings}


def told(findings: Iterable[Finding], level: Level) -> str:
    """All that findings of one level say, in lines."""
    return "\n".join(
        line for finding in findings if finding.level is level for line in (finding.message, *finding.detail)
    )
