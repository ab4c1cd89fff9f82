"""Whatever is asked of whichever page: an answer, never a failure, and nothing that a stranger put there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import count, product, zip_longest
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from digest.app.parts import App
from digest.app.samples import SAMPLE
from digest.bundled import bundled
from digest.editions.models import Status
from digest.tokens import Keyring, Purpose
from digest.web.application import create_application
from digest.web.subscribing import HONEYPOT
from tests.support.strange_requests import BODIES, CLIENTS, FORM, HEADERS, HOSTILE, PARTS, PLACES, VALUES
from tests.support.strangers import ELEMENT, Asked, Stranger, complaints, filled, templates
from tests.web.conftest import BASE_URL, Backstage
from tests.web.conftest import settings as configured

BELOW = f"{BASE_URL}/weekly"  # where links of ours lead; every page answers at / as well
ANN = "ann@example.org"
PROXIES = ["192.0.2.0/24"]  # whom the requests come from, so that what they forward is read
LOOKING = ("GET", "HEAD")
OTHERS = ("PUT", "DELETE", "OPTIONS", "PATCH", "BREW")


@dataclass(frozen=True)
class World:
    """Pages with people and editions behind them, and everything that may stand in an address.

    `parts` are tokens good and bad, keys, slugs and names; `good` is one of each kind that leads somewhere.
    """

    backstage: Backstage = field(repr=False)
    application: ASGIApp = field(repr=False)
    paths: tuple[str, ...] = field(repr=False)
    acting: tuple[str, ...] = field(repr=False)
    parts: tuple[bytes, ...] = field(repr=False)
    good: tuple[bytes, ...] = field(repr=False)

    def stranger(self) -> Stranger:
        """Somebody who asks."""
        return Stranger(self.application)

    def rows(self) -> dict[str, list[str]]:
        """Everything that is stored."""
        return self.backstage.rows()


@pytest.fixture
def world(app: App, backstage: Backstage) -> World:
    """Pages that answer at / and below a path; readers of every standing."""
    below = configured(app.settings.database.url, web={"base_url": BELOW, "trusted_proxies": PROXIES})
    application = create_application(App(below, app.clock, app.database))
    tokens, places = list(_tokens(backstage)), list(_places(backstage))
    parts = tuple(one.encode() for one in (*tokens, *places))
    good = tuple(backstage.token(purpose, ANN).encode() for purpose in Purpose)
    good += tuple(place.encode() for place in places)
    paths = tuple(sorted(set(templates(application.routes))))
    acting = tuple(sorted(set(templates(application.routes, "POST"))))
    return World(backstage, application, paths, acting, parts, good)


def test_every_path_with_every_part(world: World) -> None:
    """Looking at each page, with whatever may stand in its address, changes nothing and always works."""
    before = world.rows()
    with world.stranger() as stranger:
        paths = _paths(world, HOSTILE + world.parts)
        asked = [Asked(method, path) for path in paths for method in LOOKING]
        found = _found(stranger, asked)
    assert found == []
    assert len(asked) > 1000
    assert world.rows() == before


def test_every_path_by_other_methods(world: World) -> None:
    """What no page knows is refused and does nothing, though its body be the one that acts."""
    before = world.rows()
    with world.stranger() as stranger:
        found = _found(
            stranger,
            (
                Asked(method, path, ((b"Content-Type", FORM),), b"button=leave&List-Unsubscribe=One-Click")
                for path in _paths(world, world.good)
                for method in OTHERS
            ),
        )
    assert found == []
    assert world.rows() == before


def test_every_path_is_posted_to(world: World) -> None:
    """Each page by whatever may stand in its address, and by every body."""
    leaving = urlencode({"button": "leave", "email": "new@example.org"}).encode()
    with world.stranger() as stranger:
        parts = (
            Asked("POST", path, ((b"Content-Type", FORM),), leaving)
            for path in _paths(world, HOSTILE + world.parts)
        )
        assert _found(stranger, parts) == []
        assert world.backstage.status(ANN) == "unsubscribed"
        bodies = (
            Asked("POST", path, ((b"Content-Type", kind),), body)
            for path in _acting(world)
            for kind, body in BODIES
        )
        assert _found(stranger, bodies) == []


def test_every_field(world: World) -> None:
    """Every field of every form holds every hostile value, whichever button of its page is pressed."""
    names = [name for name in _words("name") if name not in ("button", HONEYPOT)]
    clients = (f"192.0.2.{number % 250}" for number in count())  # one alone would soon be sent away
    with world.stranger() as stranger:
        for path in _acting(world):
            asked = (
                Asked(
                    "POST",
                    path,
                    ((b"Content-Type", FORM), (b"X-Forwarded-For", next(clients).encode())),
                    _form([("button", button), *((name, value) for name in names)]),
                )
                for button, value in _presses(stranger, path)
            )
            assert _found(stranger, asked) == []


def test_every_header(world: World) -> None:
    """Every page with every header, many at once."""
    before = world.rows()
    with world.stranger() as stranger:
        asked = (Asked("GET", path, headers) for path in _paths(world, world.good) for headers in _bundles())
        assert _found(stranger, asked) == []
    assert world.rows() == before


def words() -> st.SearchStrategy[str]:
    """Names and values of our own forms among any text."""
    return (
        st.sampled_from(_words())
        | st.text(max_size=60)
        | st.from_regex(r"[0-9٠-٩+.e-]{1,20}", fullmatch=True)
    )


def forms() -> st.SearchStrategy[tuple[bytes, bytes]]:
    """Bodies with the fields of our forms, any values, each encoding; and bodies without."""
    pairs = st.lists(st.tuples(words(), words()), max_size=8)
    return st.sampled_from(BODIES) | st.one_of(
        pairs.map(lambda some: (FORM, _form(some))),
        pairs.map(lambda some: (PARTS, _multipart(some))),
        pairs.map(lambda some: (b"application/json", json.dumps(dict(some)).encode())),
        st.tuples(st.binary(max_size=40), st.binary(max_size=200)),
    )


def queries() -> st.SearchStrategy[bytes]:
    """None, or what may stand behind a question mark."""
    named = st.dictionaries(st.just("lang") | words(), words(), max_size=3)
    return st.just(b"") | named.map(lambda some: b"?" + urlencode(some, errors="surrogatepass").encode())


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_everything_at_once(world: World, data: st.DataObject) -> None:
    """Any method, path, query, headers, body and client together; only POST ever changes anything."""
    part = st.sampled_from(HOSTILE + world.parts + world.good * 3) | st.binary(max_size=30).map(_quoted)
    path = st.builds(filled, st.sampled_from(world.paths), part) | st.sampled_from(PLACES)
    kind, body = data.draw(forms())
    asked = Asked(
        data.draw(st.sampled_from((*LOOKING, *OTHERS, *["POST"] * 8))),
        data.draw(path) + data.draw(queries()),
        ((b"Content-Type", kind), *data.draw(st.lists(st.sampled_from(HEADERS), max_size=4))),
        body,
        data.draw(st.sampled_from(CLIENTS)),
    )
    before = world.rows() if asked.method != "POST" else None
    with world.stranger() as stranger:
        assert _found(stranger, [asked]) == []
    assert before is None or world.rows() == before


def _found(stranger: Stranger, every: Iterable[Asked]) -> list[str]:
    answers = stranger.ask(every)
    return [complaint for asked, answer in answers for complaint in complaints(asked, answer, [BASE_URL])]


def _paths(world: World, parts: tuple[bytes, ...]) -> Iterator[bytes]:
    """Every path at the top, with every part where something varies; those below `base_url` are the same."""
    yield from PLACES
    for template in world.paths:
        if "{" not in template:
            yield template.encode() + b"/"
        if not template.startswith("/weekly/"):
            yield from dict.fromkeys(filled(template, part) for part in parts)


def _acting(world: World) -> Iterator[bytes]:
    """Every path that takes a POST; where a reader's own link does, somebody's who has just joined."""
    for number, template in enumerate(world.acting):
        first = template.split("/")[1].upper()
        if first in Purpose.__members__ and "{" in template:
            world.backstage.join(email := f"p{number}@example.org")
            yield filled(template, world.backstage.token(Purpose[first], email).encode())
        elif not template.startswith("/weekly/"):
            yield template.encode()


def _presses(stranger: Stranger, path: bytes) -> Iterator[tuple[str, str]]:
    """Each button of the page and each value; other pages' buttons once; at last those that end it all."""
    [(_, shown)] = stranger.ask([Asked("GET", path)])
    own = {"", *_buttons(shown.body.decode())}
    ends = [button for button in ("leave", "erase") if button in own]
    yield from product(sorted(own.difference(ends)), VALUES)
    yield from product(sorted({*_buttons(_pages())}.difference(own)), VALUES[:1])
    yield from product(ends, VALUES)


def _buttons(page: str) -> list[str]:
    return re.findall(r'<button[^>]* value="(\w+)"', page)


def _bundles() -> list[tuple[tuple[bytes, bytes], ...]]:
    """Every header once, those of one name apart from each other."""
    named: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for name, value in HEADERS:
        named.setdefault(name, []).append((name, value))
    return [tuple(filter(None, bundle)) for bundle in zip_longest(*named.values())]


def _tokens(backstage: Backstage) -> Iterator[str]:
    """Of every purpose and standing: good ones, old ones, foreign ones and damaged ones."""
    people = [ANN, "left@example.org", "new@example.org"]
    backstage.join(people[0])
    backstage.leave(people[1])
    backstage.request(people[2])
    foreign = Keyring({1: b"f" * 32}, 1)
    for purpose in Purpose:
        for person in people:
            yield backstage.token(purpose, person, backstage.reader(person).departures)
        public_id, now = backstage.reader(people[0]).public_id, backstage.clock.now()
        yield backstage.app.keyring.issue(purpose, public_id, now - timedelta(days=9), 0)
        yield backstage.app.keyring.issue(purpose, "ab" * 12, now, 0)
        yield foreign.issue(purpose, public_id, now, 0)
    whole = backstage.token(Purpose.UNSUBSCRIBE, people[0])
    yield from (whole[:-1], whole + "=", whole + "%0A", whole.upper(), whole * 2, SAMPLE)


def _places(backstage: Backstage) -> Iterator[str]:
    """What stands in the addresses of pages for everybody."""
    for key, status in (("2026-W45", Status.SENT), ("2026-W46", Status.SENT), ("2026-W47", Status.DRAFT)):
        backstage.edition(key, status, f"Of {key} <{ELEMENT}>")
        yield key
    yield backstage.compare("Axolotl", f"<{ELEMENT}>")
    yield from ("2026", "style.css", "none.css")


def _words(attribute: str = "name|value") -> list[str]:
    """Every name and value in the forms of our pages."""
    return sorted(set(re.findall(rf'\b(?:{attribute})="([\w -]+)"', _pages())))


@cache
def _pages() -> str:
    return "".join(page.read_text("utf-8") for page in (bundled("subscribers") / "pages").glob("*.html"))


def _form(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs, errors="surrogatepass").encode()


def _multipart(pairs: list[tuple[str, str]]) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    ]
    return "".join([*parts, "--x--\r\n"]).encode("utf-8", "surrogatepass")


def _quoted(part: bytes) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in part) or b"%"
