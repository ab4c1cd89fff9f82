"""The real web application on a thread, and the little of a browser that readers need for it."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final
from urllib.parse import urlencode, urlsplit

from digest.app.parts import App
from digest.errors import DigestError
from digest.web.server import serve

SECONDS: Final = 20


@contextmanager
def website(app: App) -> Iterator[None]:
    """Serve readers at `web.host` and `web.port` until the end of the block."""
    ready, stop, failures = threading.Event(), threading.Event(), list[BaseException]()

    def answer() -> None:
        try:
            serve(app, app.settings.web.host, app.settings.web.port, lambda _: ready.set(), stop)
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits for us
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=answer, name="website")
    thread.start()
    try:
        if not ready.wait(SECONDS) or failures:
            raise DigestError("the web application did not start") from next(iter(failures), None)
        yield
    finally:
        stop.set()
        thread.join()


def look(url: str) -> str:
    """Open a page as a browser does; raises DigestError unless it answers 200."""
    return _ask("GET", url)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's form, which a browser sends along."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def press(url: str, **fields: str) -> str:
    """Send a form; raises DigestError unless the answer is 200."""
    return _ask("POST", url, fields)


def _ask(method: str, url: str, fields: Mapping[str, str] | None = None) -> str:
    # http.client, because no proxy setting of the operator's may lead such a request away from here.
    parts = urlsplit(url)
    body = urlencode(fields) if fields is not None else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
        try:
            connection.request(method, parts.path, body, headers)
            response = connection.getresponse()
            page = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise DigestError(f"{method} {parts.path}: no answer: {error}") from error
    if response.status != 200:
        raise DigestError(f"{method} {parts.path}: expected 200, the answer was {response.status}")
    return page
