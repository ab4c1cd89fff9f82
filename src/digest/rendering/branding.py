"""What every email says about its sender."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_RIGHT_TO_LEFT = frozenset(("ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"))
_WHY = "You get this because you subscribed to {name} at {site}."


@dataclass(frozen=True, slots=True)
class Branding:
    """The newsletter's name, who sends it, and where it lives (`base_url` has no trailing slash)."""

    name: str
    postal_address: str
    operator: str
    base_url: str
    language: str = "en"
    reason: str = _WHY

    @property
    def site(self) -> str:
        """The host readers know the newsletter by."""
        return urlsplit(self.base_url).netloc or self.base_url

    @property
    def why(self) -> str:
        """The reason with `{name}` and `{site}` filled in; other braces stay as they are."""
        return self.reason.replace("{name}", self.name).replace("{site}", self.site)

    @property
    def direction(self) -> str:
        """`rtl` for languages written from right to left, else `ltr`."""
        return "rtl" if self.language.lower().split("-")[0] in _RIGHT_TO_LEFT else "ltr"

    def archive_url(self, key: str) -> str:
        """Where anybody can read the edition in the browser."""
        return f"{self.base_url.rstrip('/')}/archive/{quote(key, safe='')}"
