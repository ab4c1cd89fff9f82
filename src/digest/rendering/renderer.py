"""One object that renders every email of a newsletter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from digest.editions.story import Story
from digest.rendering.branding import Branding
from digest.rendering.edition import render_edition
from digest.rendering.environment import Templates
from digest.rendering.notices import render_notice
from digest.rendering.rendered import Rendered


class Renderer:
    """Renders in one newsletter's name; files in `overrides` replace bundled templates one by one."""

    def __init__(self, branding: Branding, overrides: Path | None = None) -> None:
        """Find the templates; an override that is broken shows when it is rendered."""
        self._branding = branding
        self._templates = Templates(overrides)

    def edition(self, story: Story, marker: str) -> Rendered:
        """An edition; `unsubscribe` and `preferences` are left to the reader's own links."""
        return render_edition(self._templates, self._branding, story, marker)

    def notice(self, name: str, values: Mapping[str, object], marker: str) -> Rendered:
        """A mail to one person, called as in `notices.NOTICES`."""
        return render_notice(self._templates, self._branding, name, values, marker)
