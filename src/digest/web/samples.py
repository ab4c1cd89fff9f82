"""The links of test mails and previews: they look like a reader's own and open nobody's door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app.parts import App
from digest.app.samples import SAMPLE, sample_links
from digest.web.guards import route
from digest.web.pages import Pages

TITLE: Final = "This is the link of a test mail"
MESSAGE: Final = "In the mail that readers get, each has a link of their own here. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Samples:
    """`/unsubscribe/a-sample-…` and its like: stand before the routes that take any token there."""

    app: App
    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route(f"/{name}/{SAMPLE}", self.ask, self.act) for name in sample_links(self.app)]

    def ask(self, _request: Request) -> Response:
        """What this is."""
        return self._page(200)

    def act(self, _request: Request) -> Response:
        """The same, but whoever acts by program hears that there was nobody to act for."""
        return self._page(404)

    def _page(self, status: int) -> Response:
        return self.pages.show("problem", status, title=TITLE, message=MESSAGE, again=False)
