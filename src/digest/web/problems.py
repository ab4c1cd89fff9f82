"""What readers see when something does not work: which page, which status, and a way on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from digest.db.away import is_away
from digest.errors import Conflict, ExpiredToken, InvalidToken, NotFound
from digest.serving.failures import bare_page, log_failure
from digest.web.pages import Pages

Handler = Callable[[Request, Exception], Response]


@dataclass(frozen=True, slots=True)
class Said:
    """A title and a sentence."""

    title: str
    message: str


DAMAGED: Final = Said(
    "This link does not work",
    "Mail programs sometimes cut long links in two: copy it whole, or use the one in our newest email.",
)
MISSING: Final = Said("There is no such page", "The link may be old, or a letter may have gone missing.")
METHOD: Final = Said("That is not how this page works", "Please go back and use the button on the page.")
OTHER: Final = Said("That did not work", "Please go back and try again.")
BROKEN: Final = Said("Something went wrong here", "It is our fault, not yours. Please try again in a minute.")
BY_STATUS: Final[Mapping[int, Said]] = {
    400: Said("That came through garbled", "Please go back and try again."),
    404: MISSING,
    405: METHOD,
    408: Said("That took too long", "Your connection may be slow just now. Please try again."),
    409: Said(
        "That is no longer possible", "Something has changed in the meantime. Please open the page anew."
    ),
    410: Said("This is gone", "It was here once, and is no more."),
    413: Said(
        "That was too much", "Nothing here needs more than a few words. Please shorten it and try again."
    ),
    422: Said("Something is not right yet", "Please go back and have another look at what you entered."),
    429: Said(
        "One moment, please", "That was asked for very often just now. Please try again a little later."
    ),
    500: BROKEN,
    503: Said("We are busy just now", "Please try again in a minute. Nothing of yours was lost or changed."),
}
RETRY_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Problems:
    """Answers for every failure, expected or not."""

    pages: Pages

    def handlers(self) -> Mapping[type[Exception], Handler]:
        """Which failure gets which page; the most specific class wins."""
        return {
            ExpiredToken: self._with(410, BY_STATUS[410]),
            InvalidToken: self._with(404, DAMAGED),
            Conflict: self._with(409, BY_STATUS[409]),
            NotFound: self._with(404, MISSING),
            HTTPException: self._http,
            SQLAlchemyError: self._database,
        }

    def page(self, status: int) -> Response:
        """The page for a status; a bare one where the templates themselves are what is broken."""
        said = BY_STATUS.get(status, OTHER)
        try:
            return self._show(status, said)
        except Exception as error:  # noqa: BLE001 - whatever an operator's templates do
            log_failure(error, "the page that tells of a failure failed", "web.failed")
            return bare_page(status, said.title, said.message)

    def _with(self, status: int, said: Said) -> Handler:
        def answer(_request: Request, _error: Exception) -> Response:
            return self._show(status, said)

        return answer

    def _http(self, _request: Request, error: Exception) -> Response:
        status: int = getattr(error, "status_code", 400)
        response = self._show(status, BY_STATUS.get(status, OTHER))
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    def _database(self, _request: Request, error: Exception) -> Response:
        """That the database lets nobody in just now; any other failure of it is raised, for the guard."""
        if not is_away(error):
            raise error
        log_failure(error, "the database could not be asked", "web.busy")
        response = self.page(503)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response

    def _show(self, status: int, said: Said) -> Response:
        return self.pages.show("problem", status, title=said.title, message=said.message)
