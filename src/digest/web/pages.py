"""Turns templates into pages; an operator's own folder replaces the bundled one file by file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from digest.bundled import bundled
from digest.editions.phrasing import clean
from digest.rendering import bars, standing
from digest.rendering.branding import Branding
from digest.rendering.cleaning import cleaned
from digest.rendering.environment import week
from digest.web.guards import PUBLIC

_FILTERS = {
    "week": week,
    "percent": standing.percent,
    "split": standing.split,
    "community": standing.community,
    "tone": bars.tone,
    "text_bar": bars.text_bar,
}


class Pages:
    """The folder `subscribers/` as this installation shows it: pages, consent wording, style."""

    def __init__(self, brand: Branding, own: Path | None = None) -> None:
        """`own` is laid out as the bundled folder: `pages/`, `static/`, `consent.txt`, each file optional."""
        self._folders = [folder for folder in (own, bundled("subscribers")) if folder is not None]
        # Links inside our pages are paths: they hold behind any proxy and never follow the Host header.
        self.root = urlsplit(brand.base_url).path.rstrip("/")
        self._environment = Environment(
            loader=FileSystemLoader(self._folders),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # What the extension adds to an environment has no types.
        self._environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
        self._environment.filters.update(_FILTERS)
        self._environment.globals.update(brand=cleaned(brand), root=self.root, wording=self.wording)

    def show(self, page: str, status: int = 200, /, *, public: bool = False, **values: object) -> Response:
        """The page called `page`; `public` ones may be kept by caches and found by search engines."""
        text = self._environment.get_template(f"pages/{page}.html").render(values, indexed=public)
        return HTMLResponse(text, status, PUBLIC if public else None)

    def wording(self) -> str:
        """The exact words that somebody agrees to, as shown on the pages and kept with their consent."""
        return clean(self._environment.get_template("consent.txt").render())

    def asset(self, name: str) -> Path | None:
        """The file `static/{name}`, or None."""
        places = (folder / "static" / name for folder in self._folders)
        return next((place for place in places if place.is_file()), None)
