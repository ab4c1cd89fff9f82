"""The form for other sites: plain HTML to copy, which works without a script of ours or theirs."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.web.guards import route
from digest.web.pages import Pages


@dataclass(frozen=True, slots=True)
class Embedding:
    """`/subscribe/form`."""

    pages: Pages

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route("/subscribe/form", self.show)]

    def show(self, _request: Request) -> Response:
        """The form as it looks, and as it is written."""
        return self.pages.show("embed")
