"""Content made to break an email. `python -m tests.support.hostile` says what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from digest.editions.story import Comparison, Quote, Story
from digest.editions.telling import build_story
from digest.errors import RenderError
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus

KEY = "2026-W47"
LONGEST_NAME = 300  # that the import lets through, as an entry or a category
LONGEST_TAGLINE = 1000
LONGEST_STORY = 20_000  # a description or a quote

VALUES: Final[Mapping[str, str]] = {
    "300 letters": "W" * 300,
    "emoji": "👩‍🚀🏽🎉👨‍👩‍👧‍👦" * 30,
    "right to left": "أداة ذكية כלי חכם " * 20,
    "script": '"><script>alert(1)</script>' * 10,
    "entities": "&\"'<>" * 60,
    "jinja": "{{ 7*7 }} {{ 191*193 }} {% include '/etc/passwd' %} {# x #}",
    "other templates": "${191*193} #{191*193} <%= 191*193 %> %s %(x)s {0} {name} {{name}} $name",
    "token": "__TOKEN__ __UNSUBSCRIBE__ [[unsubscribe]] %%unsubscribe%% *|UNSUB|* {{unsubscribe_link}}",
    "marker": f"{MARKER} https://{MARKER}.invalid/unsubscribe https://{MARKER}.invalid/confirm",
    "mail": "a\r\nBcc: everybody@example.org\r\n\r\n.\r\nQUIT\r\n",
    "lines": "one\ntwo\r\nthree\rfour\x0bfive\x0csix\x85seven\u2028eight\u2029nine",
    "controls": "".join(map(chr, range(32))) + "\x7f" + "".join(map(chr, range(128, 160))),
    "positions": "\x02x\x031:7\x03 \ufde0\ufdd0\ufdd1\ufde1\ufdd2\ufde2 \ufdef\ufffe\uffff\U0010ffff",
    "mjml": "</mj-text><mj-raw></td></mj-raw><mj-include path='/etc/passwd' /><mj-text>" * 5,
    "conditions": "<!--[if mso]><b><![endif]--> ]]> --> <!-- <![CDATA[ x ]]>",
    "css": "</style><style>*{display:none}</style> var(--ink) url(https://x.example/) ;}@import 'x'",
    "markdown": "# a\n\n> - 1. **b** [c](javascript:alert(1)) ![d](https://x.example/e.png) <f@g.example>",
    "surrogates": "half \ud83d and \udc00 an emoji",
    "sentences": "A b. " * 4000,
    "empty": "",
    "blank": " \t\u00a0\u200b\u2028 ",
}

DEEP: Final = 10_000
INTROS: Final[Mapping[str, str]] = {
    "tags": "<div>" * DEEP,
    "closed tags": "<b>" * DEEP + "x" + "</b>" * DEEP,
    "few letters, many tags": "<b>" * 2_000 + "</b>" * 2_000,
    "mjml": "<mj-section>" * DEEP,
    "items": "- " * DEEP + "x",
    "numbered items": "1. " * DEEP + "x",
    "lists": "".join("  " * level + "- x\n" for level in range(400)),
    "quotes": "> " * DEEP + "x",
    "quotes in lines": "\n".join(">" * level + " x" for level in range(400)),
    "quoted items": "> - " * (DEEP // 2) + "x",
    "emphasis": "*a **b " * DEEP,
    "closed emphasis": "*_" * 400 + "x" + "_*" * 400,
    "brackets": "[" * DEEP,
    "links": "[a](" * DEEP,
    "images": "![" * DEEP + "x" + "](https://x.example/)" * 400,
    "backticks": "".join("`" * count + " " for count in range(300)),
    "references": "".join(f"[a{number}]: https://x.example/{number}\n" for number in range(500))
    + "[a1]" * 300,
    "100,000 letters": "x" * 100_000,
    "100,000 words": "x " * 50_000,
    "100,000 lines": "\n" * 100_000,
    "many paragraphs": "a\n\n" * 5_000,
}


def story(value: str, count: int = 3) -> Story:
    """A week of `count` comparisons that all share one tool, but for the last: all they say is the value."""
    short, line = value[:LONGEST_NAME], value[:LONGEST_TAGLINE]
    odd = tool(
        short, 50, slug="odd", category=short, tagline=line, description=value, entry=short, community=50
    )
    odd = replace(odd, quotes=(Quote(value, short, "ship"), Quote(value, short, "skip"), Quote(value)))
    others = [replace(odd, slug=f"other-{number}", panel_ship=None) for number in range(count + 1)]
    comparisons = [versus(odd, other) for other in others[: count - 1]]
    return build_story(KEY, [*comparisons, versus(*others[-2:])], intro=value)


def edition(value: str, count: int = 3) -> Rendered:
    """That week, rendered."""
    return Renderer(BRANDING).edition(story(value, count), MARKER)


def with_intro(intro: str, comparisons: tuple[Comparison, ...] = ()) -> Rendered:
    """A week of little else than an intro."""
    told = comparisons or (versus(tool("A"), tool("B")),)
    return Renderer(BRANDING).edition(build_story(KEY, told, intro=intro), MARKER)


def worst() -> dict[str, str]:
    """What becomes of everything above: `rendered`, or why not."""
    outcomes: dict[str, Rendered | str] = {}
    for name, intro in INTROS.items():
        outcomes[f"intro of {name}"] = attempt(partial(with_intro, intro))
    for name, value in VALUES.items():
        outcomes[f"60 times {name}"] = attempt(partial(edition, value, 60))
    return {name: became if isinstance(became, str) else "rendered" for name, became in outcomes.items()}


def attempt(render: Callable[[], Rendered]) -> Rendered | str:
    """The email, or the reason why there is none."""
    try:
        return render()
    except RenderError as refused:
        return str(refused)


if __name__ == "__main__":
    for what, became in worst().items():
        print(f"{what}: {became}")
