"""One object that renders every email of a newsletter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from digest.editions.story import Story
from digest.rendering.branding import Branding
from digest.rendering.edition import render_edition
from digest.rendering.environment import Templates
from digest.rendering.languages import Language, first_known
from digest.rendering.notices import is_translated, render_notice
from digest.rendering.rendered import Rendered


class Renderer:
    """Renders in one newsletter's name; files in `overrides` replace bundled templates one by one."""

    def __init__(
        self,
        branding: Branding,
        overrides: Path | None = None,
        languages: Mapping[str, Language] | None = None,
    ) -> None:
        """Find the templates; an override that is broken shows when it is rendered.

        `languages`, by code, are those that notices come in; by default they are in English.
        """
        self._branding = branding
        self._templates = Templates(overrides)
        self._languages = languages or {}
        self._translated: dict[str, bool] = {}

    def edition(self, story: Story, marker: str) -> Rendered:
        """An edition; `unsubscribe` and `preferences` are left to the reader's own links."""
        return render_edition(self._templates, self._branding, story, marker)

    def notice(
        self, name: str, values: Mapping[str, object], marker: str, wish: str | None = None
    ) -> Rendered:
        """A mail to one person who chose the language `wish`, called as in `notices.NOTICES`."""
        code = self.language(name, wish)
        spoken = self._languages.get(code)
        said = spoken is not None and self._is_translated(name)
        brand = replace(self._branding, language=code) if said else self._branding
        return render_notice(self._templates, brand, name, values, marker, spoken)

    def language(self, name: str, wish: str | None) -> str:
        """The code of the language that a notice comes in: the one wished for, the newsletter's, or English.

        In the newsletter's for everybody where an operator has put it into words of their own.
        """
        wanted = [wish] if self._is_translated(name) else []
        return first_known([*wanted, self._branding.language], self._languages)

    def _is_translated(self, name: str) -> bool:
        if name not in self._translated:
            self._translated[name] = is_translated(self._templates, name)
        return self._translated[name]
