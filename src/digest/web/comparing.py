"""One comparison on a page of our own: both tools side by side, with everything the panel said."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app.parts import App
from digest.content.listing import get_comparison
from digest.editions.stories import comparison_values
from digest.errors import NotFound
from digest.rendering import standing
from digest.rendering.cleaning import cleaned
from digest.web.guards import route
from digest.web.pages import Pages


@dataclass(frozen=True, slots=True)
class Comparing:
    """`/comparisons/{slug}`."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route("/comparisons/{slug}", self.comparison)]

    def comparison(self, request: Request) -> Response:
        """The comparison; raises NotFound for one that was withdrawn or is not published yet."""
        with self.app.database.read() as session:
            row = get_comparison(session, request.path_params["slug"])
            if row.withdrawn_at is not None or row.published_at > self.app.clock.now():
                raise NotFound("this comparison was withdrawn, or is not published yet")
            told = comparison_values(row, row.url or "")
        shown = cleaned(told, keep=("description",))
        return self.pages.show("comparison", public=True, comparison=shown, margin=standing.margin(shown))
