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

_BLANK_LINES = re.compile(r"\n{3,}")


def render_mail(
    templates: Templates, folder: str, brand: Branding, values: Mapping[str, object], marker: str
) -> Rendered:
    """The mail whose templates lie in `folder`."""
    if not is_marker(marker):
        raise RenderError("a marker is 8 to 63 lower-case letters and digits and begins with a letter")
    values = {**values, "brand": brand}
    subject = clean(templates.fill(f"{folder}/subject.txt", values))
    values = {**values, "subject": subject}
    html = compile_mjml(templates.filled(f"{folder}/body.mjml", values))
    html = inline_styles(html, styled(*templates.source("_base/theme.css"), brand))
    return Rendered(subject, html, _tidy(templates.fill(f"{folder}/body.txt", values)), marker)


def _tidy(text: str) -> str:
    """No blanks at line ends, never two empty lines in a row, one line break at the end."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n") + "\n"
