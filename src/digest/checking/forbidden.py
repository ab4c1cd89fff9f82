"""What no mail program runs or loads, and what filters hold against a sender."""

from __future__ import annotations

from collections.abc import Iterator

from digest.checking.findings import Finding, Level, listed
from digest.checking.page import Page
from digest.checking.stylesheets import css_text, flat, read_style

CHECK = "forbidden"
_ELEMENTS = {
    "scripts": ("script", "noscript"),
    "forms": ("form", "input", "button", "select", "textarea"),
    "embedded pages or programs": ("iframe", "frame", "frameset", "object", "embed", "applet", "portal"),
    "sound or video": ("audio", "video"),
    "a base for addresses": ("base",),
}


def check_forbidden(page: Page) -> Iterator[Finding]:
    """Each kind once, with where it stands."""
    problems = [*_elements(page), *_attributes(page), *_style_sheets(page)]
    yield from problems or [
        Finding(CHECK, Level.OK, "no scripts, forms, frames, outside fonts or style sheets")
    ]


def _elements(page: Page) -> Iterator[Finding]:
    for kind, names in _ELEMENTS.items():
        if found := page.named(*names):
            yield Finding(CHECK, Level.ERROR, f"the HTML has {kind}", listed(f"<{one.tag}>" for one in found))
    refreshing = [one for one in page.named("meta") if (one.get("http-equiv") or "").lower() == "refresh"]
    if refreshing:
        yield Finding(
            CHECK, Level.ERROR, "the HTML sends its reader elsewhere", ("<meta http-equiv=refresh>",)
        )


def _attributes(page: Page) -> Iterator[Finding]:
    found = ((one, name) for one in page.elements for name, value in one.items() if _runs(name, value))
    if handlers := listed(f"<{one.tag} {name}=…>" for one, name in found):
        yield Finding(CHECK, Level.ERROR, "attributes run scripts", handlers)


def _runs(name: str, value: str) -> bool:
    scheme = "".join(value.split()).lower()
    return name.lower().startswith("on") or scheme.startswith(("javascript:", "vbscript:"))


def _style_sheets(page: Page) -> Iterator[Finding]:
    linked = [one for one in page.named("link") if "stylesheet" in (one.get("rel") or "").lower()]
    places = [f"<link> {one.get('href') or ''}".strip() for one in linked]
    rules = [rule for sheet in page.sheets for rule in sheet.at_rules]
    places += [f"@import {prelude}" for name, prelude in rules if name == "import"]
    if places:
        yield Finding(CHECK, Level.ERROR, "style sheets are loaded from outside", listed(places))
    if any(name == "font-face" for name, _ in rules):
        yield Finding(CHECK, Level.ERROR, "fonts are loaded from outside", ("@font-face",))
    if loaded := listed(_loaded(page)):
        yield Finding(CHECK, Level.WARNING, "style sheets load images, which many programs leave out", loaded)


def _loaded(page: Page) -> Iterator[str]:
    declared = [one for sheet in page.sheets for rule in sheet.rules for one in rule.declarations]
    declared += [one for element in page.elements for one in read_style(element.get("style") or "")]
    for one in declared:
        if any(
            token.type == "url" or getattr(token, "lower_name", "") == "url" for token in flat(one.tokens)
        ):
            yield f"{one.name}: {css_text(one.tokens)[:100]}"
