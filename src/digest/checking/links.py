"""Every link: absolute, https, with words that say where it leads, and the same words always to one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from digest.checking.addresses import fault
from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.page import Element, Page, words

CHECK = "links"
VAGUE = frozenset(
    (
        *(
            "click",
            "click here",
            "click me",
            "tap here",
            "here",
            "this",
            "this link",
            "link",
            "details",
            "go",
        ),
        *("more", "more info", "read more", "read on", "learn more", "see more", "find out more", "continue"),
    )
)


class Link(NamedTuple):
    """One `a` element with a target, or an `area`: its words and its address."""

    words: str
    href: str


def links(page: Page) -> list[Link]:
    """The links in the order of the document."""
    found = page.named("a", "area")
    return [Link(_label(one), one.get("href").strip()) for one in found if one.get("href") is not None]


def check_links(page: Page) -> Iterator[Finding]:
    """Their addresses, their words, and both together."""
    found = links(page)
    problems = [*_addresses(found), *_wording(found), *_purposes(found)]
    yield from problems
    if not problems:
        count = len({link.href for link in found})
        yield Finding(
            CHECK, Level.OK, f"{count:,} different links, all absolute, with https and words of their own"
        )


def _label(element: Element) -> str:
    return " ".join((element.get("aria-label") or words(element) or element.get("alt") or "").split())


def _addresses(found: list[Link]) -> Iterator[Finding]:
    faults = [(link, bad) for link in found if (bad := fault(link.href))]
    for level in (Level.ERROR, Level.WARNING):
        lines = listed(
            f"{link.href or 'nothing'} {why}: {sample(link.words)}"
            for link, (at, why) in faults
            if at is level
        )
        if lines:
            message = (
                "links with an address that does not work" if level is Level.ERROR else "links without https"
            )
            yield Finding(CHECK, level, message, lines)


def _wording(found: list[Link]) -> Iterator[Finding]:
    if mute := listed(link.href for link in found if not any(map(str.isalnum, link.words))):
        yield Finding(CHECK, Level.ERROR, "links without words", mute)
    vague = listed(
        f"{sample(link.words)} {link.href}"
        for link in found
        if link.words.casefold().strip(" .:>→»…") in VAGUE
    )
    if vague:
        yield Finding(CHECK, Level.WARNING, "links that do not say where they lead", vague)


def _purposes(found: list[Link]) -> Iterator[Finding]:
    """The same words must not mean different places (WCAG 2.2, success criterion 2.4.4)."""
    targets: dict[str, list[Link]] = {}
    for link in found:
        same = targets.setdefault(link.words.casefold(), [])
        if link.words and link.href not in {one.href for one in same}:
            same.append(link)
    doubtful = [same for same in targets.values() if len(same) > 1]
    if doubtful:
        lines = listed(
            f"{sample(same[0].words)}: {', '.join(one.href for one in same[:5])}" for same in doubtful
        )
        yield Finding(CHECK, Level.WARNING, "the same words lead to different places", lines)
