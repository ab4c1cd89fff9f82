"""JSON answers, and the ones that say what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from digest.db.away import is_away
from digest.desk.fields import BadRequest
from digest.errors import ConfigError, Conflict, DigestError, NotFound, RelayTrouble, RenderError, Stale
from digest.serving.failures import log_failure

# The most specific class first: what the page calls it, and its status.
KINDS: Final[Mapping[type[DigestError], tuple[str, int]]] = {
    Stale: ("stale", 409),
    Conflict: ("conflict", 409),
    NotFound: ("missing", 404),
    BadRequest: ("bad", 422),
    ConfigError: ("settings", 422),
    RenderError: ("template", 422),
    RelayTrouble: ("relay", 502),
    DigestError: ("other", 422),
}


def problem(kind: str, message: str, status: int) -> JSONResponse:
    """An answer that the page shows as it stands."""
    return JSONResponse({"error": kind, "message": message}, status)


def handlers() -> Mapping[Any, Callable[[Request, Exception], Response]]:
    """What becomes of each kind of failure."""
    return {DigestError: _digest, HTTPException: _http, SQLAlchemyError: _database}


def log_desk_failure(error: Exception) -> None:
    """Keep what nobody expected."""
    log_failure(error, "the desk could not answer", "desk.failed")


def _digest(_request: Request, error: Exception) -> Response:
    kind, status = next(told for known, told in KINDS.items() if isinstance(error, known))
    return problem(kind, str(error), status)


def _http(_request: Request, error: Exception) -> Response:
    status: int = getattr(error, "status_code", 400)
    return problem("missing" if status == 404 else "bad", str(getattr(error, "detail", error)), status)


def _database(_request: Request, error: Exception) -> Response:
    if not is_away(error):
        raise error
    log_desk_failure(error)
    return problem("database", "the database does not answer; try again in a moment", 503)
