"""The templates: where they are found, what they may call, and how their errors read."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from pathlib import Path

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.ext import extract_from_ast

from digest.bundled import bundled
from digest.editions.phrasing import shorten
from digest.editions.story import Comparison
from digest.errors import Place, RenderError
from digest.rendering import bars, direction, markdown, plaintext, standing, voices
from digest.rendering.filling import filled
from digest.rendering.positions import Filled, MarkLines
from digest.rendering.translating import teach

_WEEK = re.compile(r"(\d{4})-W0?(\d{1,2})")


def week(key: str) -> str:
    """`2026-W47` as `2026, week 47`; any other key as it is."""
    match = _WEEK.fullmatch(key)
    return f"{match[1]}, week {match[2]}" if match else key


def template_folders(overrides: Path | None) -> list[Path]:
    """Where templates are looked for, the operator's own folder first."""
    return [folder for folder in (overrides, bundled("email")) if folder is not None]


_FILTERS = {
    "sentence": voices.sentence,
    "voices": voices.voices,
    "short": shorten,
    "week": week,
    "percent": standing.percent,
    "split": standing.split,
    "community": standing.community,
    "distance": standing.distance,
    "margin": standing.margin,
    "versus": standing.versus,
    "challenger": Comparison.challenger,
    "direction": direction.direction,
    "tone": bars.tone,
    "bar": bars.bar,
    "text_bar": bars.text_bar,
    "bands": bars.bands,
    "filled": filled,
    "wrap": plaintext.wrap,
    "underline": plaintext.underline,
    "board_line": plaintext.board_line,
    "intro_html": markdown.markdown_html,
    "intro_text": plaintext.intro_text,
}


class Templates:
    """The bundled templates, each file of which an operator's folder may replace."""

    def __init__(self, overrides: Path | None = None) -> None:
        """Look into `overrides` first, then at what is bundled."""
        self._folders = template_folders(overrides)
        self._loader = FileSystemLoader(self._folders)
        self._environment = Environment(
            loader=self._loader,
            autoescape=select_autoescape(("mjml", "html"), disabled_extensions=("txt",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(_FILTERS)
        teach(self._environment)
        self._marks = MarkLines(self._environment)
        self._environment.extensions[MarkLines.identifier] = self._marks

    def fill(self, name: str, values: Mapping[str, object]) -> str:
        """The template called `name` with the values filled in."""
        return self.filled(name, values).text

    def filled(self, name: str, values: Mapping[str, object]) -> Filled:
        """The same, and for each piece of an MJML template where it came from."""
        try:
            template = self._environment.get_template(name)
            return self._marks.read(template.render(values), template.filename or name)
        except Exception as error:
            raise self._explain(name, error) from error

    def translated(self, name: str) -> bool:
        """Whether the template called `name` has sentences for translators; False for one that is broken."""
        try:
            source = self._loader.get_source(self._environment, name)[0]
            return any(extract_from_ast(self._environment.parse(source)))
        except (TemplateError, UnicodeDecodeError):
            return False  # whoever fills it in hears why

    def source(self, name: str) -> tuple[str, str]:
        """What is no template: its text as it stands, and the path of its file."""
        try:
            return self._loader.get_source(self._environment, name)[:2]
        except TemplateNotFound as error:
            raise self._explain(name, error) from error

    def _explain(self, name: str, error: Exception) -> RenderError:
        place = self._place(error)
        what = f"{type(error).__name__}: {error}"
        if isinstance(error, TemplateNotFound):
            what = f"no template {error.name!r} in {', '.join(map(str, self._folders))}"
        elif isinstance(error, TemplateSyntaxError):
            place, what = (error.filename or error.name or name, error.lineno), error.message or what
        elif isinstance(error, TemplateError):
            what = error.message or what
        return RenderError(places=(Place(*place, what),)) if place else RenderError(f"{name}: {what}")

    def _place(self, error: Exception) -> tuple[str, int] | None:
        """The innermost template line that the error came through."""
        folders = tuple(map(str, self._folders))
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(folders)
        ]
        return (frames[-1].filename, frames[-1].lineno or 1) if frames else None
