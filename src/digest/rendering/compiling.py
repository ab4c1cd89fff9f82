"""MJML to HTML, with the compiler's sharp edges covered."""

from __future__ import annotations

import re

import mjml

from digest.errors import Place, RenderError
from digest.rendering.positions import Filled

_LEFT_OVER = re.compile(r"</?(mj-[a-z-]+|mjml)\b")
_POSITION = re.compile(r"at position (\d+):\d+")


def compile_mjml(source: Filled) -> str:
    """The HTML of an MJML document.

    Raises RenderError with the places of all that is wrong. What does not pass the lint never reaches the
    compiler, where some thousand nested tags would end the whole process.
    """
    from digest.rendering.linting import lint  # with its tables; most commands render nothing

    faults = lint(source)
    if faults:
        raise RenderError(places=faults)
    try:
        html = mjml.mjml2html(source.text, fonts={})
    except ValueError as error:
        raise _refused(source, str(error)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust raises is no Exception, and has no module
            raise
        raise RenderError(f"{source.file}: the compiler gave up: {error}") from error
    left_over = _LEFT_OVER.search(html)
    if left_over:
        raise RenderError(f"{source.file}: MJML does not know <{left_over[1]}>, or not in that place")
    return str(html)


def _refused(source: Filled, message: str) -> RenderError:
    """The compiler counts bytes, if it counts at all; people count a template's lines."""
    position = _POSITION.search(message)
    if position is None:
        return RenderError(f"{source.file}: {message}")
    offset = len(source.text.encode()[: int(position[1])].decode(errors="ignore"))
    return RenderError(places=(Place(*source.place(offset), message),))
