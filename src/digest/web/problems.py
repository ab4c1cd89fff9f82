"""What readers see when something does not work: which page, which status, and a way on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.errors import Conflict, ExpiredToken, InvalidToken, NotFound
from digest.web.pages import Pages

Handler = Callable[[Request, Exception], Response]

DAMAGED = (
    "This link does not work",
    "Mail programs sometimes cut long links in two: copy it whole, or use the one in our newest email.",
)
EXPIRED = (
    "This link has expired",
    "A confirmation link works for seven days. Enter your address again and we send you a new one.",
)
OUTDATED = (
    "This link is out of date",
    "It is from before you left the list. If you want to come back, ask for a new one.",
)
MISSING = ("There is no such page", "The link may be old, or a letter may have gone missing.")
METHOD = ("That is not how this page works", "Please go back and use the button on the page.")
OTHER = ("That did not work", "Please go back and try again.")


@dataclass(frozen=True, slots=True)
class Problems:
    """Answers for every expected failure."""

    pages: Pages

    def handlers(self) -> Mapping[type[Exception], Handler]:
        """Which failure gets which page; the most specific class wins."""
        return {
            ExpiredToken: self._with(410, *EXPIRED, again=True),
            InvalidToken: self._with(404, *DAMAGED),
            Conflict: self._with(409, *OUTDATED, again=True),
            NotFound: self._with(404, *MISSING),
            HTTPException: self._http,
        }

    def _with(self, status: int, title: str, message: str, *, again: bool = False) -> Handler:
        def answer(_request: Request, _error: Exception) -> Response:
            return self.pages.show("problem", status, title=title, message=message, again=again)

        return answer

    def _http(self, _request: Request, error: Exception) -> Response:
        status: int = getattr(error, "status_code", 400)
        title, message = {404: MISSING, 405: METHOD}.get(status, OTHER)
        response = self.pages.show("problem", status, title=title, message=message, again=False)
        response.headers.update(getattr(error, "headers", None) or {})
        return response
