"""One comparison on a page of our own: both tools side by side, with everything the panel said."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app import reading
from digest.app.parts import App
from digest.errors import NotFound
from digest.rendering import standing
from digest.rendering.cleaning import cleaned
from digest.web.guards import route
from digest.web.leafing import leaf_number, leaves
from digest.web.pages import Pages


@dataclass(frozen=True, slots=True)
class Comparing:
    """`/comparisons/{slug}`, and `/comparisons/{slug}/2` where one page cannot hold all that was said."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            route("/comparisons/{slug}", self.comparison),
            route("/comparisons/{slug}/{leaf}", self.comparison),
        ]

    def comparison(self, request: Request) -> Response:
        """The comparison; raises NotFound for one that was withdrawn or is not published yet."""
        shown = cleaned(reading.comparison(self.app, request.path_params["slug"]), keep=("description",))
        number = leaf_number(request.path_params.get("leaf"))
        told = leaves(shown)
        if number > len(told):
            raise NotFound("the comparison has fewer pages")
        return self.pages.show(
            "comparison",
            public=True,
            comparison=shown,
            sides=told[number - 1],
            leaf=number,
            leaves=len(told),
            margin=standing.margin(shown),
        )
