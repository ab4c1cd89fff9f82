"""Asks every foreign link once whether it answers; only the head of an answer is read."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urljoin

import idna

from digest.checking.addresses import split_address
from digest.checking.findings import Finding, Level, listed
from digest.checking.links import links
from digest.checking.mail import Mail
from digest.checking.page import Page

CHECK = "answering"
SECONDS = 5.0  # for a connection, and for each piece of an answer
PATIENCE = 30.0  # seconds for all links together
AT_ONCE = 8
MOST_LINKS = 60
MOST_REDIRECTS = 5
_HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; digest preview)", "Accept": "*/*", "Connection": "close"}
_PLAIN = "/%:@!$&'()*+,;=~-._?"


class Answer(NamedTuple):
    """What came of a link: a status (None for no answer), where it ended, and why there was no answer."""

    status: int | None
    address: str
    reason: str = ""


def check_answering(mail: Mail, page: Page) -> Iterator[Finding]:
    """Links that do not answer, that turn us away, that lead to another host, and how many are well."""
    wanted = list(dict.fromkeys(link.href for link in links(page) if _is_foreign(link.href, mail)))
    answers = ask_all(wanted[:MOST_LINKS])
    failed = {url: answer for url, answer in answers.items() if not _is_well(answer)}
    shy = listed(url for url, answer in failed.items() if _turns_programs_away(answer))
    dead = listed(
        f"{url}: {_complaint(answer)}" for url, answer in failed.items() if not _turns_programs_away(answer)
    )
    if dead:
        yield Finding(CHECK, Level.ERROR, "links that do not answer", dead)
    if shy:
        yield Finding(CHECK, Level.WARNING, "links whose servers turn programs away: open them yourself", shy)
    moved = listed(f"{url} → {answer.address}" for url, answer in answers.items() if _has_moved(url, answer))
    if moved:
        yield Finding(CHECK, Level.NOTE, "links that lead on to another host", moved)
    if len(wanted) > MOST_LINKS:
        yield Finding(CHECK, Level.NOTE, f"only the first {MOST_LINKS} of {len(wanted):,} links were asked")
    if not failed:
        yield Finding(CHECK, Level.OK, f"{len(answers):,} links answer")


def ask_all(urls: Sequence[str]) -> dict[str, Answer]:
    """The answers in the order of the links, after `PATIENCE` seconds at most."""
    waiting: SimpleQueue[str] = SimpleQueue()
    answered: SimpleQueue[tuple[str, Answer]] = SimpleQueue()
    for url in urls:
        waiting.put(url)
    for _ in range(min(AT_ONCE, len(urls))):
        # Daemons: a server that trickles its answer for hours keeps neither the editor nor the program.
        Thread(target=_work, args=(waiting, answered), daemon=True).start()
    late = Answer(None, "", "no answer in time")
    return dict.fromkeys(urls, late) | _collected(answered, len(urls))


def _work(waiting: SimpleQueue[str], answered: SimpleQueue[tuple[str, Answer]]) -> None:
    while True:
        try:
            url = waiting.get_nowait()
        except Empty:
            return
        answered.put((url, ask(url)))


def _collected(answered: SimpleQueue[tuple[str, Answer]], count: int) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    end = monotonic() + PATIENCE
    while len(found) < count and (left := end - monotonic()) > 0:
        try:
            url, answer = answered.get(timeout=left)
        except Empty:
            break
        found[url] = answer
    return found


def ask(url: str) -> Answer:
    """The answer to one link: HEAD, then GET where a server makes nothing of that, along its redirects."""
    head = _followed("HEAD", url)
    return head if _is_well(head) or head.status is None else _followed("GET", url)


def _followed(method: str, url: str) -> Answer:
    for _ in range(MOST_REDIRECTS + 1):
        try:
            status, target = _once(method, url)
        except (OSError, HTTPException, ValueError) as error:
            return Answer(None, url, _reason(error))
        if not 300 <= status < 400 or not target:
            return Answer(status, url)
        url = urljoin(url, target)
    return Answer(None, url, f"more than {MOST_REDIRECTS} redirects")


def _once(method: str, url: str) -> tuple[int, str]:
    """The status, and the address of a redirect or nothing."""
    parts = split_address(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("leads to no address of the web")
    connection = _connection(parts)
    try:
        path = quote(parts.path or "/", safe=_PLAIN)
        query = f"?{quote(parts.query, safe=_PLAIN)}" if parts.query else ""
        connection.request(method, path + query, headers=_HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location") or ""
    finally:
        connection.close()


def _connection(parts: SplitResult) -> HTTPConnection:
    host = parts.hostname or ""
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode()
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=SECONDS)
    return HTTPSConnection(host, parts.port, timeout=SECONDS, context=ssl.create_default_context())


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not good: {error.verify_message}"
    return str(error) or type(error).__name__


def _is_foreign(href: str, mail: Mail) -> bool:
    parts = split_address(href)
    return href not in mail.own_links and parts is not None and parts.scheme in {"http", "https"}


def _is_well(answer: Answer) -> bool:
    return answer.status is not None and answer.status < 400


def _turns_programs_away(answer: Answer) -> bool:
    """Whether the server answers, and only will not talk to a program: a browser may well be let in."""
    return answer.status in {401, 403, 429, 999}


def _complaint(answer: Answer) -> str:
    return answer.reason if answer.status is None else f"answers {answer.status}"


def _has_moved(url: str, answer: Answer) -> bool:
    before, after = split_address(url), split_address(answer.address)
    return _is_well(answer) and before is not None and after is not None and before.hostname != after.hostname
