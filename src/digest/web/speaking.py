"""Which language a page speaks: what a request asks for, and the choice among those there are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Scope

from digest.rendering.languages import first_known

QUESTION: Final = "lang"
_RANGES: Final = 20  # of an Accept-Language header; nobody reads more languages


@dataclass(slots=True)
class Asked:
    """What one request says about languages; `person` is what a reader chose for good, where it is known.

    `spoken` is what came of it, once somebody had to know; `posted` whether the request would do something.
    """

    wish: str | None = None
    accepted: str = ""
    person: str | None = None
    spoken: str | None = None
    posted: bool = False


_asked: ContextVar[Asked] = ContextVar("asked")


def asked() -> Asked:
    """What the request says that is being answered; nothing outside of one."""
    return _asked.get(None) or Asked()


@contextmanager
def asking(scope: Scope) -> Iterator[None]:
    """Keep what the request of `scope` says at hand while it is answered, in whichever thread."""
    token = _asked.set(read_asked(scope))
    try:
        yield
    finally:
        _asked.reset(token)


def read_asked(scope: Scope) -> Asked:
    """`?lang=` and Accept-Language of a request, whatever they hold."""
    if scope["type"] != "http":
        return Asked()
    accepted = [value for name, value in scope["headers"] if name == b"accept-language"]
    wish = _wish(scope["query_string"])
    return Asked(wish, b",".join(accepted).decode("latin-1"), posted=scope.get("method") == "POST")


def choose(known: Collection[str], said: Asked, newsletter: str) -> str:
    """Which of `known` to speak: the person's choice, `?lang=`, the browser's, the newsletter's, English."""
    return first_known([said.person, said.wish, *ranges(said.accepted), newsletter], known)


def ranges(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, the dearest first (RFC 9110 §12.5.4)."""
    weighed = [_weighed(part) for part in accepted.split(",")[:_RANGES]]
    return [tag for tag, weight in sorted(weighed, key=lambda one: -one[1]) if weight > 0]


def _weighed(part: str) -> tuple[str, float]:
    tag, _, parameters = part.partition(";")
    name, _, value = parameters.strip().partition("=")
    try:
        weight = float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return tag.strip(), weight if 0 <= weight <= 1 else 0.0


def _wish(query: bytes) -> str | None:
    pairs: Sequence[tuple[str, str]] = []
    if QUESTION.encode() in query:
        pairs = parse_qsl(query.decode("latin-1"))
    return next((value for name, value in pairs if name == QUESTION), None)
