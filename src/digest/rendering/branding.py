"""What every email says about its sender, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from digest.rendering.direction import direction_of
from digest.rendering.filling import filled
from digest.rendering.theme import Theme


@dataclass(frozen=True, slots=True)
class Branding:
    """The newsletter's name, who sends it, and where it lives (`base_url` has no trailing slash)."""

    name: str
    postal_address: str
    operator: str
    base_url: str
    language: str = "en"
    theme: Theme = field(default_factory=Theme)

    @property
    def site(self) -> str:
        """The host readers know the newsletter by."""
        return urlsplit(self.base_url).netloc or self.base_url

    @property
    def why(self) -> str:
        """The reason with `{name}` and `{site}` filled in; other braces stay as they are."""
        return filled(self.theme.wording.why, name=self.name, site=self.site)

    @property
    def direction(self) -> str:
        """Which way the newsletter's language is written: `rtl` or `ltr`."""
        return direction_of(self.language)

    @property
    def start(self) -> str:
        """The side on which a line begins: `left` or `right`; mail programs know no `start`."""
        return "right" if self.direction == "rtl" else "left"

    @property
    def end(self) -> str:
        """The side on which a line ends."""
        return "left" if self.direction == "rtl" else "right"

    def archive_url(self, key: str) -> str:
        """Where anybody can read the edition in the browser."""
        return f"{self.base_url.rstrip('/')}/archive/{quote(key, safe='')}"
