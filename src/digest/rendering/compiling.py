"""MJML to HTML, with the compiler's sharp edges covered."""

from __future__ import annotations

import re

import mjml

from digest.errors import RenderError

MAX_DEPTH = 100
_TAG = re.compile(r"<!--.*?-->|<(/?)([A-Za-z][\w:-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>", re.DOTALL)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_LEFT_OVER = re.compile(r"</?(mj-[a-z-]+|mjml)\b")
_POSITION = re.compile(r"at position (\d+):\d+")


def compile_mjml(source: str, name: str = "MJML") -> str:
    """The HTML of an MJML document; `name` is what an error calls it."""
    _refuse_deep_nesting(source, name)
    try:
        html = mjml.mjml2html(source, fonts={})
    except ValueError as error:
        raise RenderError(f"{name}: {error}{_line(source, str(error))}") from error
    left_over = _LEFT_OVER.search(html)
    if left_over:
        raise RenderError(f"{name}: MJML does not know <{left_over[1]}>, or not in that place")
    return str(html)


def _refuse_deep_nesting(source: str, name: str) -> None:
    """Nesting of some thousand levels ends the whole process inside the compiler, so it never gets there."""
    depth = 0
    for tag in _TAG.finditer(source):
        depth += _step(tag)
        if depth > MAX_DEPTH:
            line = source.count("\n", 0, tag.start()) + 1
            raise RenderError(f"{name}:{line}: tags nest more than {MAX_DEPTH} levels deep")


def _step(tag: re.Match[str]) -> int:
    closing, element, attributes = tag.groups()
    if element is None or element.lower() in _VOID or (attributes or "").rstrip().endswith("/"):
        return 0
    return -1 if closing else 1


def _line(source: str, message: str) -> str:
    """The compiler counts bytes; people count lines."""
    position = _POSITION.search(message)
    if position is None:
        return ""
    return f" (line {source.encode()[: int(position[1])].count(10) + 1})"
