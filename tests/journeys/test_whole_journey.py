"""From an empty folder to the reader's inbox and out of the list again, with nothing but the real command."""

from __future__ import annotations

import hashlib
import html
import json
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urldefrag

import httpx
import pytest

from digest.app.samples import SAMPLE
from digest.demo.outbox import leaving_link
from tests.faults.smtp_server import FaultyServer
from tests.journeys.installation import (
    EDITION,
    EXAMPLES,
    PUBLISHED,
    READERS,
    SLOT,
    Installation,
    as_csv,
    installed,
    joined,
    settings_for,
)

STRICT = policy.SMTP.clone(raise_on_defect=True)
SHARED_PAGES = Path(__file__).parents[3] / "shared" / "pages"
IN_TIME = "2026-11-19T08:00:00Z"


def test_from_an_empty_folder_to_the_inbox_and_out_again(tmp_path: Path, new_database_url: str) -> None:
    """Every reader gets the approved bytes, exactly once; every link works; one click takes a reader off."""
    with FaultyServer() as server:
        made = Installation(tmp_path, settings_for(tmp_path, new_database_url, server.port))
        made.run("init")
        made.run("import", str(EXAMPLES), str(EXAMPLES / "pages" / "week-1"), "--published-at", PUBLISHED)
        made.run("subscribers", "import", "-", "--consent", "a sheet at the fair", given=as_csv(READERS))
        made.run("edition", "plan", EDITION, "--now", IN_TIME)
        made.run("edition", "approve", EDITION, "--now", IN_TIME)
        assert made.json("run", "--now", SLOT)["sent"] == len(READERS)
        received = {mail.recipient: mail.data for mail in server.received}
        assert sorted(server.recipients) == sorted(READERS)
        assert made.json("run", "--now", "2026-11-19T10:00:00Z")["sent"] == 0
        assert len(server.received) == len(READERS)
    mails = {to: _parsed(data) for to, data in received.items()}
    assert len({mail["Message-ID"] for mail in mails.values()}) == len(READERS)
    edition = made.json("edition", "show", EDITION)
    for reader, mail in mails.items():
        _check_headers(reader, mail, received[reader], edition["subject"])
        _check_bytes(made, mail, edition["sha256"])
    _check_preview(made, mails[READERS[0]])
    _check_links(made, mails[READERS[0]])
    listed = {one["email"]: one["status"] for one in made.json("subscribers", "list")}
    assert listed == dict.fromkeys(READERS, "active") | {READERS[0]: "unsubscribed"}


def test_the_real_pages_arrive_whole(tmp_path: Path) -> None:
    """The pages readers copied from the site make an edition in which every tool stands in both parts."""
    if not SHARED_PAGES.is_dir():
        pytest.skip("../shared/pages, the real pages, is not beside this clone")
    with FaultyServer() as server:
        made = joined(installed(tmp_path, f"sqlite:///{tmp_path / 'digest.db'}", server.port))
        made.run("import", str(SHARED_PAGES), "--published-at", PUBLISHED)
        assert made.json("run", "--now", SLOT)["sent"] == len(READERS)
        mail = _parsed(server.received[0].data)
    names = [name for (name,) in made.query("SELECT name FROM tools")]
    assert len(names) >= 6
    text, page = (" ".join(html.unescape(part).split()) for part in _parts(mail))
    assert [name for name in names if name not in text or name not in page] == []


def _parsed(data: bytes) -> EmailMessage:
    mail = message_from_bytes(data, policy=STRICT)
    assert isinstance(mail, EmailMessage)
    for part in mail.walk():
        assert not part.defects
        for value in part.values():
            assert not getattr(value, "defects", ())
    return mail


def _check_headers(reader: str, mail: EmailMessage, data: bytes, subject: str) -> None:
    """What mailbox providers ask of list mail, once each."""
    head = data.partition(b"\r\n\r\n")[0]
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert (mail["To"], mail["Subject"], mail["Precedence"]) == (reader, subject, "bulk")
    assert mail["From"].addresses[0].addr_spec == "digest@example.org"
    assert re.fullmatch(r"<[\w.-]+@example\.org>", mail["Message-ID"])
    assert parsedate_to_datetime(mail["Date"]).isoformat().startswith("2026-11-19T09:0")
    assert re.fullmatch(r'".+" <digest\.example\.org>', str(mail["List-Id"]))
    assert len(re.findall(rb"(?m)^List-Unsubscribe: <https?://[^<>\s]+>\r$", head)) == 1
    assert re.search(rb"(?m)^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$", head)
    names = [name.lower() for name in mail]
    assert len(names) == len(set(names))
    assert reader not in _leaving(mail)


def _check_bytes(made: Installation, mail: EmailMessage, sha256: dict[str, str]) -> None:
    """Text, then HTML, each the frozen bytes with this reader's links in place of the markers."""
    ((marker,),) = made.query(f"SELECT marker FROM editions WHERE key = '{EDITION}'")  # noqa: S608 - our own key
    text, page = (_with_own(made, part, rf"https://{marker}.invalid/\1") for part in _parts(mail))
    assert _digest(text) == sha256["text"]
    assert _digest(page) == sha256["html"]


def _check_preview(made: Installation, mail: EmailMessage) -> None:
    """What editors were shown is what the reader got."""
    made.run("preview", EDITION, "--html", "seen.html", "--text", "seen.txt")
    sample = rf"{made.settings['WEB__BASE_URL']}/\1/{SAMPLE}"
    for name, part in zip(("seen.txt", "seen.html"), _parts(mail), strict=True):
        with (made.folder / name).open(encoding="utf-8", newline="") as file:
            assert file.read() == _with_own(made, part, sample)


def _check_links(made: Installation, mail: EmailMessage) -> None:
    """Each link to us answers a GET, which changes nothing; the one-click POST takes the reader off."""
    base, links = made.settings["WEB__BASE_URL"], _links(mail)
    ours = {link for link in links if link.startswith(base)}
    lines = (EXAMPLES / "comparisons.jsonl").read_text("utf-8").splitlines()
    assert links - ours <= {json.loads(line)["url"] for line in lines}
    assert _leaving(mail) in ours
    assert f"{base}/archive/{EDITION}" in ours
    with made.serving(), httpx.Client(trust_env=False) as browser:
        assert {link: browser.get(link).status_code for link in ours} == dict.fromkeys(ours, 200)
        assert set(made.statuses().values()) == {"active"}
        answer = browser.post(_leaving(mail), data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200


def _with_own(made: Installation, part: str, link: str) -> str:
    """The part with each of the reader's own links as `link`, in which a backreference 1 is its name."""
    base = re.escape(made.settings["WEB__BASE_URL"])
    return re.sub(rf"{base}/(unsubscribe|preferences)/[\w-]+", link, part)


def _leaving(mail: EmailMessage) -> str:
    return leaving_link(mail)


def _parts(mail: EmailMessage) -> tuple[str, str]:
    """The two parts, in the order that clients expect, with the line ends of our own files."""
    assert mail.get_content_type() == "multipart/alternative"
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    decoded = []
    for part in parts:
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        decoded.append(payload.decode("utf-8").replace("\r\n", "\n"))
    return decoded[0], decoded[1]


def _links(mail: EmailMessage) -> set[str]:
    text, page = _parts(mail)
    in_page = {html.unescape(link) for link in re.findall(r'href="(http[^"]+)"', page)}
    return {urldefrag(link).url for link in in_page | set(re.findall(r"https?://\S+", text))}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
