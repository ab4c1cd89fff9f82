"""What the page asks for by GET: the edition, its pictures, the checks. Looking leaves no trace."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from digest.app import samples
from digest.desk.pictures import PICTURES
from digest.desk.state import page_state
from digest.desk.workbench import Shown, Workbench
from digest.editions.weeks import is_key, no_week
from digest.errors import NotFound
from digest.rendering.rendered import Rendered

ASSET: Final = re.compile(r"[a-z][a-z-]*\.(css|js)")
KINDS: Final = {"css": "text/css", "js": "text/javascript", "html": "text/html"}
STATIC: Final = files("digest.desk") / "static"


@dataclass(frozen=True, slots=True)
class Showing:
    """The page itself and everything that is read on it."""

    bench: Workbench
    key: str | None
    offline: bool

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [
            _get("/", self.page),
            _get("/static/{name}", self.asset),
            _get("/api/edition", self.edition),
            _get("/api/checks", self.check),
            _get("/render/text", self.text),
            _get("/render/source", self.source),
            _get("/render/message.eml", self.message),
            _get("/render/{picture}.html", self.picture),
        ]

    def page(self, _request: Request) -> Response:
        """The one page there is."""
        return _file("index.html")

    def asset(self, request: Request) -> Response:
        """A script or style sheet of the page; raises NotFound."""
        name = request.path_params["name"]
        if not ASSET.fullmatch(name):
            raise NotFound("there is no such file")
        return _file(name)

    def edition(self, request: Request) -> Response:
        """Everything the page shows."""
        return JSONResponse(page_state(self.bench, self._key(request), offline=self.offline))

    def check(self, request: Request) -> Response:
        """What the checks say; `online=1` also asks the links, unless the desk is offline."""
        from digest.app.checks import check_edition  # takes a moment, and the page is wanted first

        shown = self._shown(request)
        offline = self.offline or request.query_params.get("online") != "1"
        report = check_edition(shown.app, shown.look, offline=offline).as_json()
        return JSONResponse({**report, "offline": offline, "signature": shown.signature})

    def picture(self, request: Request) -> Response:
        """The email as one kind of program shows it; raises NotFound for a kind we do not know."""
        name = request.path_params["picture"]
        if name not in PICTURES:
            raise NotFound("there is no such picture")
        shown_as, policy = PICTURES[name]
        page = shown_as(self._read(request).html)
        return Response(page, headers={"Content-Security-Policy": policy}, media_type="text/html")

    def text(self, request: Request) -> Response:
        """The text part as it is sent."""
        return PlainTextResponse(self._read(request).text)

    def source(self, request: Request) -> Response:
        """The HTML part as it is sent."""
        return PlainTextResponse(self._read(request).html)

    def message(self, request: Request) -> Response:
        """One reader's whole message, to be opened in a mail program."""
        shown = self._shown(request)
        message = samples.sample_message(shown.app, shown.look.require(), shown.look.key)
        file = f'attachment; filename="{shown.look.key}.eml"'
        return Response(message, headers={"Content-Disposition": file}, media_type="message/rfc822")

    def _read(self, request: Request) -> Rendered:
        shown = self._shown(request)
        return samples.as_read(shown.app, shown.look.require())

    def _shown(self, request: Request) -> Shown:
        return self.bench.look(self._key(request))

    def _key(self, request: Request) -> str | None:
        key = request.query_params.get("key") or self.key
        if key is not None and not is_key(key):
            raise no_week(key)
        return key


def _get(path: str, answer: Callable[[Request], Response]) -> Route:
    return Route(path, answer, methods=["GET"])


def _file(name: str) -> Response:
    file = STATIC / name
    if not file.is_file():
        raise NotFound("there is no such file")
    return Response(file.read_bytes(), media_type=KINDS[name.rpartition(".")[2]])
