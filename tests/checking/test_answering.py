"""Foreign links are asked for: a real server answers, refuses, leads on, and keeps silent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from digest.checking import answering
from digest.checking.answering import Answer, ask, ask_all, check_answering
from digest.checking.findings import Level
from digest.checking.page import read_page
from tests.checking.samples import good, page, told


class Site(BaseHTTPRequestHandler):
    """Answers by path: `/200`, `/404`, `/to/200`, `/get` (only GET), `/loop`, `/away`, `/endless`."""

    asked: list[str]

    def do_HEAD(self) -> None:
        """Likewise for HEAD."""
        self.answer()

    def do_GET(self) -> None:
        """Likewise for GET."""
        self.answer()

    def answer(self) -> None:
        """By the path alone."""
        type(self).asked.append(f"{self.command} {self.path}")
        port = self.connection.getsockname()[1]
        known = {
            "/get": 200 if self.command == "GET" else 405,
            "/loop": "/loop",
            "/away": f"http://localhost:{port}/200",
            "/file": "file:///etc/passwd",
            "/umlaut/%C3%A4?q=%C3%B6": 204,
        }
        asked_for = self.path.removeprefix("/to")
        what = known.get(self.path, int(asked_for[1:4]) if asked_for[1:4].isdecimal() else 500)
        moved = isinstance(what, str) or self.path.startswith("/to/")
        self.send_response(302 if moved else int(what))
        if moved:
            self.send_header("Location", what if isinstance(what, str) else asked_for)
        self.end_headers()
        if self.path == "/200/endless":
            for _ in range(10_000):
                self.wfile.write(b"x" * 65_536)  # ends with an error: nobody reads it

    def log_message(self, *args: object) -> None:
        """Keep quiet."""

    def handle(self) -> None:
        """A client that leaves early is no news."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a running site."""
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_is_an_answer(site: str) -> None:
    """HEAD is enough, and nothing more is asked."""
    assert ask(f"{site}/200") == Answer(200, f"{site}/200")
    assert Site.asked == ["HEAD /200"]


def test_get_is_tried_where_head_is_refused(site: str) -> None:
    """Some servers know only GET; what they then send is not read."""
    assert ask(f"{site}/get").status == 200
    assert Site.asked == ["HEAD /get", "GET /get"]


def test_refusals_are_errors_in_the_end(site: str) -> None:
    """Both ways were tried."""
    assert ask(f"{site}/404").status == 404


def test_redirects_are_followed_a_few_times(site: str) -> None:
    """To the end of the road, and not for ever in a circle."""
    assert ask(f"{site}/to/200") == Answer(200, f"{site}/200")
    assert ask(f"{site}/loop").reason == "more than 5 redirects"
    assert "no address of the web" in ask(f"{site}/file").reason


def test_letters_of_any_language_can_stand_in_an_address(site: str) -> None:
    """They are escaped on the way."""
    assert ask(f"{site}/umlaut/ä?q=ö").status == 204


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://nobody.invalid/", "http://a..b/", "http://ä\udcff/", "http://[x/", "x"],
)
def test_what_cannot_be_asked_is_answered_for(url: str) -> None:
    """Nothing raises."""
    answer = ask(url)
    assert answer.status is None
    assert answer.reason


def test_silence_ends_with_our_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that accepts and says nothing holds up neither the others nor us."""
    monkeypatch.setattr(answering, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert ask_all([url]) == {url: Answer(None, "", "no answer in time")}


def test_a_slow_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each link has its own few seconds."""
    monkeypatch.setattr(answering, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = ask(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert answer.reason == "no answer within 0.2 seconds"


def test_dead_links_are_errors_and_other_hosts_a_note(site: str) -> None:
    """Each with what came of it; every link once, the reader's own never."""
    hrefs = ("/200", "/200", "/404", "/away", "/own")
    body = "".join(f'<a href="{site}{href}">Words</a>' for href in hrefs)
    mail = good(html=page(body), own_links=frozenset({f"{site}/own"}))
    findings = list(check_answering(mail, read_page(mail.html)))
    assert told(findings, Level.ERROR) == f"links that do not answer\n{site}/404: answers 404"
    assert f"{site}/away → http://localhost:" in told(findings, Level.NOTE)
    assert sorted(Site.asked) == ["GET /404", "HEAD /200", "HEAD /200", "HEAD /404", "HEAD /away"]


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_server_that_turns_programs_away_is_a_warning(site: str, status: int) -> None:
    """It is there; a person must look."""
    mail = good(html=page(f'<a href="{site}/{status}">Words</a>'))
    findings = list(check_answering(mail, read_page(mail.html)))
    assert f"{site}/{status}" in told(findings, Level.WARNING)
    assert not told(findings, Level.ERROR)
    assert not told(findings, Level.OK)


def test_links_that_all_answer_are_well(site: str) -> None:
    """And how many there were."""
    mail = good(html=page(f'<a href="{site}/200">Words</a><a href="mailto:a@example.org">Mail</a>'))
    assert told(check_answering(mail, read_page(mail.html)), Level.OK) == "1 links answer"


def test_no_more_than_sixty_are_asked(site: str) -> None:
    """The editor is told."""
    body = "".join(f'<a href="{site}/200?{number}">Words</a>' for number in range(70))
    mail = good(html=page(body))
    assert "first 60 of 70" in told(check_answering(mail, read_page(mail.html)), Level.NOTE)
    assert len(Site.asked) == 60
