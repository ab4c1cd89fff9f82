"""What stands between the network and every page: small bodies, safe headers, no details of failures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.serving.bodies import BODY, HungUp, TooMuch, read_body
from digest.serving.headers import Sender


class Gate(ABC):
    """Reads bodies within limits, adds headers to responses, and turns failures into plain answers."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str], limit: int, seconds: float) -> None:
        """`headers` go with every response; a body may have `limit` bytes and take so many seconds."""
        self._app = app
        self._headers = headers
        self._limit = limit
        self._seconds = seconds

    @abstractmethod
    def refusal(self, scope: Scope) -> Response | None:
        """What to answer before anything is read; None lets the request pass."""

    @abstractmethod
    def answer_for(self, status: int) -> Response:
        """What to say with 408 (the body took too long), 413 (it was too large) and 500."""

    @abstractmethod
    def log(self, error: Exception) -> None:
        """Keep what nobody expected."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        out = Sender(send, self._headers)
        try:
            await self._answer(scope, receive, out)
        except Exception as error:
            self.log(error)
            if out.started:
                raise
            await self.answer_for(500)(scope, receive, out)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp | None = self.refusal(scope)
        if answer is None:
            try:
                body = await read_body(receive, limit=self._limit, seconds=self._seconds)
            except TimeoutError:
                answer = self.answer_for(408)
            except TooMuch:
                answer = self.answer_for(413)
            except HungUp:
                return
            else:
                answer, scope = self._app, {**scope, BODY: body}
        await answer(scope, receive, send)
