"""The editions as an Atom feed (RFC 4287), for readers who would rather not give an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from digest.app.parts import App
from digest.app.reading import Entry, latest
from digest.clock import second
from digest.editions.phrasing import clean
from digest.rendering.branding import Branding
from digest.web.fresh import fresh
from digest.web.guards import PUBLIC, route

PATH: Final = "/feed.xml"
KIND: Final = "application/atom+xml; charset=utf-8"
MOST: Final = 20
# `updated` must be there, also while there is nothing to have changed.
NEVER: Final = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Feeds:
    """`/feed.xml`."""

    app: App

    def routes(self) -> list[Route]:
        """The paths answered here."""
        return [route(PATH, self.feed)]

    def feed(self, request: Request) -> Response:
        """The newest editions; 304 where nothing has come since."""
        return fresh(request, atom(self.app.branding, latest(self.app, MOST)), KIND, PUBLIC)


def atom(brand: Branding, entries: Sequence[Entry]) -> bytes:
    """The feed as UTF-8; its bytes change only with what is in it."""
    language = {"xml:lang": brand.language}
    root = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", **language})
    _add(root, "id", brand.base_url + PATH)
    _add(root, "title", brand.name)
    _add(root, "updated", second(max(entry.sent for entry in entries)) if entries else NEVER)
    ET.SubElement(
        root, "link", {"rel": "self", "type": "application/atom+xml", "href": brand.base_url + PATH}
    )
    ET.SubElement(
        root, "link", {"rel": "alternate", "type": "text/html", "href": f"{brand.base_url}/archive"}
    )
    _add(ET.SubElement(root, "author"), "name", brand.operator)
    root.extend(_entry(brand, entry) for entry in entries)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def entry_id(base_url: str, key: str) -> str:
    """An edition's name for good, as a tag URI (RFC 4151): it outlives a change of scheme or port."""
    place = urlsplit(base_url)
    monday = date.fromisocalendar(int(key[:4]), int(key[6:]), 1)
    path = quote(f"{place.path}/archive/{key}", safe="/%:@!$&'()*+,;=~")
    return f"tag:{_authority(place.hostname or '')},{monday}:{path}"


def _authority(host: str) -> str:
    """The host as a tag URI may name it; an IPv6 address with hyphens."""
    return quote(host.replace(":", "-").strip("-"), safe="") or "localhost"


def _entry(brand: Branding, entry: Entry) -> ET.Element:
    made = ET.Element("entry")
    _add(made, "id", entry_id(brand.base_url, entry.key))
    _add(made, "title", entry.subject or entry.key)
    _add(made, "published", second(entry.sent))
    _add(made, "updated", second(entry.sent))
    ET.SubElement(
        made, "link", {"rel": "alternate", "type": "text/html", "href": brand.archive_url(entry.key)}
    )
    if entry.preheader:
        _add(made, "summary", entry.preheader)
    return made


def _add(parent: ET.Element, name: str, text: str) -> None:
    """An element of plain text, without characters that XML does not have."""
    ET.SubElement(parent, name).text = clean(text)
