"""Style sheets and pictures of the pages: each has a version in its address, so that browsers may keep it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.errors import NotFound
from digest.rendering.theme import Theme
from digest.web.fresh import has
from digest.web.guards import PUBLIC, route
from digest.web.looks import theme_css

NAME: Final = re.compile(r"[A-Za-z0-9_-]+\.(css|png|jpg|svg|ico)")
KINDS: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
    "svg": "image/svg+xml",
    "ico": "image/x-icon",
}
# Another version has another address, so this one never changes.
FOR_GOOD: Final = {**PUBLIC, "Cache-Control": "public, max-age=31536000, immutable"}
THEME: Final = "theme.css"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent: its type and its bytes; `version` changes when they do."""

    kind: str
    content: bytes
    version: str


class Assets:
    """The folders `static/`, the first of which wins file by file, and `theme.css`, made of the settings."""

    def __init__(self, folders: Sequence[Path], theme: Theme) -> None:
        """`folders` each hold a folder `static`, or do not."""
        self._folders = [folder / "static" for folder in folders]
        self._theme = _made("text/css; charset=utf-8", theme_css(theme).encode())

    def get(self, name: str) -> Asset | None:
        """The file `static/{name}`, or None."""
        if not NAME.fullmatch(name):
            return None
        file = next((place for folder in self._folders if (place := folder / name).is_file()), None)
        if file is None:
            return self._theme if name == THEME else None
        found = file.stat()
        return _read(file, found.st_mtime_ns, found.st_size)

    def path(self, name: str) -> str:
        """`/static/{name}` with its version."""
        asset = self.get(name)
        return f"/static/{name}?v={asset.version}" if asset else f"/static/{name}"


@dataclass(frozen=True, slots=True)
class Serving:
    """`/static/…`."""

    assets: Assets

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route("/static/{name}", self.asset)]

    def asset(self, request: Request) -> Response:
        """A style sheet or picture of the pages, or 304 to whoever has it; raises NotFound."""
        asset = self.assets.get(request.path_params["name"])
        if asset is None:
            raise NotFound("there is no such file")
        tag = f'"{asset.version}"'
        keep = FOR_GOOD if request.query_params.get("v") == asset.version else PUBLIC
        headers = {**keep, "ETag": tag}
        if has(request.headers.getlist("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(asset.content, headers={**headers, "Content-Type": asset.kind})


@lru_cache(maxsize=64)
def _read(file: Path, _changed: int, _size: int) -> Asset:
    """The file, read again when it changes."""
    return _made(KINDS[file.suffix[1:]], file.read_bytes())


def _made(kind: str, content: bytes) -> Asset:
    return Asset(kind, content, hashlib.sha256(content).hexdigest()[:12])
