"""The way every email goes: three templates, MJML, HTML, inlined styles."""

from __future__ import annotations

import re
from collections.abc import Mapping

from digest.editions.phrasing import clean
from digest.errors import RenderError
from digest.rendering.branding import Branding
from digest.rendering.compiling import compile_mjml
from digest.rendering.environment import Templates
from digest.rendering.inlining import inline_styles
from digest.rendering.rendered import Rendered, is_marker
from digest.rendering.styling import styled

FILES = ("subject.txt", "body.mjml", "body.txt")
_BLANK_LINES = re.compile(r"\n{3,}")


def render_mail(
    templates: Templates, folder: str, brand: Branding, values: Mapping[str, object], marker: str
) -> Rendered:
    """The mail whose templates lie in `folder`."""
    if not is_marker(marker):
        raise RenderError("a marker is 8 to 63 lower-case letters and digits and begins with a letter")
    values = {**values, "brand": brand}
    of_subject, of_html, of_text = (f"{folder}/{file}" for file in FILES)
    subject = clean(templates.fill(of_subject, values))
    values = {**values, "subject": subject}
    html = compile_mjml(templates.filled(of_html, values))
    html = inline_styles(html, styled(*templates.source("_base/theme.css"), brand))
    return Rendered(subject, html, _tidy(templates.fill(of_text, values)), marker)


def _tidy(text: str) -> str:
    """No blanks at line ends, never two empty lines in a row, one line break at the end."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n") + "\n"
