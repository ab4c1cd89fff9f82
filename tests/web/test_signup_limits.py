"""How often the form may be used: by one client, by all, for one address, mailbox and domain."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete
from starlette.testclient import TestClient

from digest.app.parts import App
from digest.audience.models import Subscriber
from digest.delivery.models import Delivery
from digest.web.application import create_application
from tests.support.clocks import SettableClock
from tests.web.conftest import BASE_URL, Backstage, settings

Open = Callable[..., TestClient]
HERE, THERE, ELSEWHERE = "192.0.2.1", "192.0.2.2", "2001:db8::1"


@pytest.fixture
def open_pages(app: App) -> Open:
    """Pages behind a proxy of ours, with these settings of `[signup]`."""

    def opened(**signup: str) -> TestClient:
        web: dict[str, object] = {"base_url": BASE_URL, "trusted_proxies": ["127.0.0.1"]}
        own: dict[str, object] = {"fill_time": "0 seconds", **signup}
        given = settings(app.settings.database.url, web=web, signup=own)
        pages = create_application(App(given, app.clock, app.database))
        return TestClient(pages, client=("127.0.0.1", 50000), raise_server_exceptions=False)

    return opened


def post(pages: TestClient, email: str, client: str = HERE, **more: str) -> int:
    """Fill the form in from somewhere; the answer's status."""
    answer = pages.post("/subscribe", data={"email": email, **more}, headers={"X-Forwarded-For": client})
    status: int = answer.status_code
    assert ("Look in your inbox" in answer.text) == (status == 200)
    return status


def asked_for(backstage: Backstage) -> int:
    """How many mails are owed."""
    return len(backstage.rows()["mailings"])


def test_one_client(open_pages: Open, backstage: Backstage, clock: SettableClock) -> None:
    """Two in an hour; then 429 with the time to wait, for whomever it asks, and nothing is written."""
    pages = open_pages(per_client="2 in 1 hour")
    assert [post(pages, f"r{n}@example.org") for n in range(2)] == [200, 200]
    clock.advance(timedelta(minutes=20))
    before = backstage.rows()
    for email in ("r0@example.org", "new@example.org"):
        answer = pages.post("/subscribe", data={"email": email}, headers={"X-Forwarded-For": HERE})
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == str(40 * 60)
        assert "in 40 minutes" in answer.text
        assert 'href="/subscribe"' in answer.text
    assert backstage.rows() == before
    assert post(pages, "new@example.org", THERE) == 200
    clock.advance(timedelta(minutes=40))
    assert post(pages, "newer@example.org") == 200


def test_an_ipv6_line_is_one_client(open_pages: Open) -> None:
    """Whichever of its addresses is used."""
    pages = open_pages(per_client="2 in 1 hour")
    clients = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "2001:db8:1:2::3", "2001:db8:1:3::1"]
    assert [post(pages, f"r{n}@example.org", one) for n, one in enumerate(clients)] == [200, 200, 429, 200]


def test_what_a_client_makes_up_is_not_believed(open_pages: Open) -> None:
    """Nor does it help to write other addresses before the true one."""
    pages = open_pages(per_client="2 in 1 hour")
    forged = [f"198.51.100.{n}, {HERE}" for n in range(3)]
    assert [post(pages, f"r{n}@example.org", one) for n, one in enumerate(forged)] == [200, 200, 429]


def test_all_together(open_pages: Open, backstage: Backstage) -> None:
    """Three in an hour, whoever they are from."""
    pages = open_pages(in_all="3 in 1 hour")
    answers = [post(pages, f"r{n}@example.org", f"192.0.2.{n}") for n in range(4)]
    assert answers == [200, 200, 200, 429]
    assert asked_for(backstage) == 3


def test_nobody_shuts_the_door_for_all(open_pages: Open) -> None:
    """What one client asks beyond its own limit does not count for all."""
    pages = open_pages(in_all="5 in 1 hour", per_client="2 in 1 hour")
    assert [post(pages, f"r{n}@example.org") for n in range(20)].count(200) == 2
    assert [post(pages, f"s{n}@example.org", THERE) for n in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("setting", "emails"),
    [
        ("per_address", ["ann@example.org", "Ann@EXAMPLE.org", "ANN@example.org"]),
        ("per_mailbox", ["ann+1@example.org", "ann+2@example.org", "Ann+3@example.org"]),
        ("per_mailbox", ["a.nn+1@gmail.com", "an.n@googlemail.com", "ann@gmail.com"]),
        ("per_domain", ["ann@example.org", "bob@example.org", "eve@EXAMPLE.org"]),
    ],
)
def test_whom_it_is_for_is_limited_in_silence(
    open_pages: Open, backstage: Backstage, setting: str, emails: list[str]
) -> None:
    """One in an hour: the others get the usual answer, and no mail is owed for them."""
    pages = open_pages(**{setting: "1 in 1 hour"})
    texts = {pages.post("/subscribe", data={"email": email}).text for email in emails}
    assert len(texts) == 1
    assert asked_for(backstage) == len(backstage.rows()["subscribers"]) == 1
    assert post(pages, "other@example.net") == 200
    assert asked_for(backstage) == 2


def test_large_providers_are_no_victims(open_pages: Open, backstage: Backstage) -> None:
    """Half the world has its mail there."""
    pages = open_pages(per_domain="1 in 1 hour")
    for n in range(3):
        post(pages, f"r{n}@gmail.com")
    assert asked_for(backstage) == 3


def test_mistyped_and_hasty_forms_count_for_nothing(open_pages: Open, backstage: Backstage) -> None:
    """They are not even written down."""
    pages = open_pages(per_client="1 in 1 hour", fill_time="2 seconds")
    for _ in range(3):
        assert pages.post("/subscribe", data={"email": "ann"}).status_code == 422
        assert "One more click" in pages.post("/subscribe", data={"email": "ann@example.org"}).text
    assert backstage.rows()["allowances"] == []


def test_leaving_is_never_limited(open_pages: Open, backstage: Backstage) -> None:
    """Nor are confirming and looking."""
    pages = open_pages(per_client="1 in 1 hour", in_all="1 in 1 hour")
    confirm = backstage.request("bob@example.org")
    leave = backstage.join("ann@example.org")
    assert [post(pages, f"r{n}@example.org") for n in range(2)] == [200, 429]
    assert pages.get("/subscribe").status_code == 200
    assert pages.post(f"/confirm/{confirm}").status_code == 200
    assert pages.post(f"/unsubscribe/{leave}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert backstage.status("ann@example.org") == "unsubscribed"


def test_a_new_link_is_limited_as_the_form_is(
    open_pages: Open, backstage: Backstage, clock: SettableClock
) -> None:
    """It sends mail too."""
    token = backstage.request("ann@example.org")
    clock.advance(timedelta(days=8))
    pages = open_pages(per_client="1 in 1 hour")
    answers = [pages.post(f"/confirm/{token}", data={"button": "again"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


def test_many_at_once(open_pages: Open, backstage: Backstage) -> None:
    """Twelve press the button for the same address at once: one reader, one mail, and each press counts."""
    pages = open_pages(per_client="9 in 1 hour")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: post(pages, "ann@example.org"), range(12)))
    assert sorted(answers) == [200] * 9 + [429] * 3
    assert asked_for(backstage) == len(backstage.rows()["subscribers"]) == 1


def test_an_operator_is_not_counted(open_pages: Open, backstage: Backstage) -> None:
    """Only the form is."""
    open_pages(in_all="1 in 1 hour")
    for n in range(3):
        backstage.request(f"r{n}@example.org")
    assert asked_for(backstage) == 3
    assert {row.split(":")[0] for row in backstage.rows()["allowances"]} == {"('mail"}


def test_counts_outlive_whoever_is_erased(
    open_pages: Open, backstage: Backstage, clock: SettableClock
) -> None:
    """Erasing oneself is no way to be mailed more often than three times a day."""
    pages = open_pages()
    for _ in range(5):
        post(pages, "ann@example.org")
        with backstage.app.database.write() as session:
            session.execute(delete(Delivery))
            session.execute(delete(Subscriber))
    assert asked_for(backstage) == 3
