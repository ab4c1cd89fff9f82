"""One comparison on a page of our own: both tools side by side, with everything the panel said."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app.parts import App
from digest.content import models
from digest.content.listing import get_comparison
from digest.editions import story
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
        """The comparison; raises NotFound for one that was withdrawn."""
        with self.app.database.read() as session:
            row = get_comparison(session, request.path_params["slug"])
            if row.withdrawn_at is not None:
                raise NotFound("this comparison was withdrawn")
            told = _comparison(row)
        shown = cleaned(told, keep=("description",))
        return self.pages.show("comparison", public=True, comparison=shown, margin=standing.margin(shown))


def _comparison(row: models.Comparison) -> story.Comparison:
    return story.Comparison(
        slug=row.slug,
        title=row.title,
        blurb=row.blurb,
        url=row.url if row.url and row.url.startswith(("https://", "http://")) else "",
        left=_tool(row.left),
        right=_tool(row.right),
    )


def _tool(row: models.Tool) -> story.Tool:
    return story.Tool(
        slug=row.slug,
        name=row.name,
        category=row.category,
        tagline=row.tagline,
        description=row.description,
        panel_ship=row.panel_ship,
        community=row.community,
        entry=row.entry,
        quotes=tuple(story.Quote(review.quote, review.reviewer, review.verdict) for review in row.reviews),
    )
