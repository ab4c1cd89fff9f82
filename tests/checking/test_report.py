"""All checks together: a real edition, the order, JSON, and mails made to do harm."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.mail import Mail
from digest.checking.report import Report, check
from tests.checking.samples import edition, good, levels, page, told

FRAGMENTS = st.sampled_from(
    (
        *("<style>", "</style>", "<p style='", "'>", "<a href='", "<table>", "<!--", "-->", "<h1>", "<body>"),
        *("@media (", "{", "}", "(", ")", "color:", "rgb(", "#", "*", "a > b", ":not(", "[x=", "url(", "\\"),
        *("font-size:", "9e999px", "9" * 5_000, "!important", ";", "{{", "https://[", "<img alt=", "</html>"),
        *("\0", "\ud800", "\u2028", "None", "é"),
    )
)
HEADER_FRAGMENTS = st.sampled_from(
    (
        *(b"From: ", b"To: ", b"Date: ", b"Subject: ", b"Message-ID: ", b"List-Unsubscribe: <https://["),
        *(b"Content-Type: multipart/alternative; boundary=x", b"Content-Type: text/plain; charset*=", b"--x"),
        *(
            b"=?utf-8?b?",
            b"=?x?q?",
            b"?=",
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b"<",
            b">",
            b"\xff",
            b"@",
            b"charset=",
        ),
        *(b'"', b";", b"''%ff", b"99999999999", b"-0500", b","),
    )
)


@pytest.fixture(autouse=True)
def no_spamassassin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a second for each mail, and has tests of its own: here PATH leads nowhere."""
    monkeypatch.setenv("PATH", str(tmp_path))


def offline(mail: Mail) -> Report:
    """Without the network."""
    return check(mail, offline=True)


def test_a_good_mail_has_no_fault() -> None:
    """A note at most: some program always differs."""
    assert levels(offline(good()).findings) == {Level.OK, Level.NOTE}


@pytest.mark.parametrize("count", [1, 4, 12])
def test_the_bundled_edition_has_no_error_and_no_warning(count: int) -> None:
    """What we ship keeps to our own rules."""
    report = offline(edition(count))
    assert told(report.findings, Level.ERROR) == ""
    assert told(report.findings, Level.WARNING) == ""
    assert report.ok


def test_the_worst_comes_first() -> None:
    """And among equals the order of the checks is kept; twice the same mail, twice the same report."""
    mail = good(subject="RE: ALL CAPITALS", html=page("<p>x</p>"), text="")
    report = offline(mail)
    ranks = [finding.level.rank for finding in report.findings]
    assert ranks == sorted(ranks)
    assert [finding.check for finding in report.findings[:3]] == ["subject", "text-part", "headings"]
    assert report.worst is Level.ERROR
    assert report == offline(mail)


def test_json_has_the_promised_form() -> None:
    """Scripts read it."""
    report = Report(
        (Finding("links", Level.ERROR, "dead", ("https://a.org",)), Finding("size", Level.OK, "fine"))
    )
    assert json.loads(json.dumps(report.as_json())) == {
        "ok": False,
        "findings": [
            {"check": "links", "level": "error", "message": "dead", "detail": ["https://a.org"]},
            {"check": "size", "level": "ok", "message": "fine", "detail": []},
        ],
    }
    assert Report(()).as_json() == {"ok": True, "findings": []}


def test_details_are_told_once_and_not_without_end() -> None:
    """Long lists end with how many more there are, long texts with an ellipsis."""
    assert listed(["b", "a", "b"]) == ("b", "a")
    assert listed(map(str, range(1_500)), 2) == ("0", "1", "and 1,498 more")
    assert sample("a  b\n" + "x" * 100, 10) == "“a b xxxxx…”"


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<",
        "plain text",
        "\0",
        "\ud800<p>\uffff",
        '<?xml version="1.0" encoding="latin1"?><p>x',
        "<p style='color: red'>hi <a href=x>y</a></p>" * 120_000,
        "<div style='color: red; font: 1px x'>" * 10_000 + "x",
        "<table>" * 10_000,
        "<style>a { color: red; x {" + "{" * 20_000,
        "<style>" + "@media (x) {" * 9_000,
        "<style>" + "@supports (x) {" * 9_000,
        "<style>"
        + "".join(f"{'* ' * count}{{ color: red }}" for count in range(1, 60, 9))
        + "</style>"
        + "<b>" * 2_000,
        "<p style='color: " + "rgb(" * 20_000 + "'>x",
        "<p style='font: 9e999px x; font-size: " + "9" * 400 + "px; font-weight: " + "9" * 5_000 + "'>x",
        "<a " + " ".join(f"on{number}=1" for number in range(5_000)) + ">",
        "<p>" + "{{" * 100_000 + "a." * 100_000,
        "<!DOCTYPE html><!-- <![if mso]> --><![CDATA[ x",
    ],
    ids=lambda html: html[:20].encode("ascii", "replace").decode(),
)
def test_hostile_pages_get_findings(html: str) -> None:
    """Whatever comes, a report comes back, and it is not a clean one."""
    mail = replace(good(), html=html, text=html, subject=html[:5_000], preheader=html[:5_000])
    report = offline(replace(mail, message=html.encode("utf-8", "replace")))
    assert report.worst is Level.ERROR
    json.dumps(report.as_json())


@given(st.lists(FRAGMENTS | st.text(max_size=5)).map("".join))
def test_broken_pages_never_raise(html: str) -> None:
    """Pieces of HTML and CSS in any order."""
    offline(replace(good(), html=html, text=html, subject=html, preheader=html, items=(html,)))
    offline(replace(good(), html=page(f"<p>{html}</p>", style=html)))


@given(st.lists(HEADER_FRAGMENTS | st.binary(max_size=5)).map(b"".join))
def test_broken_messages_never_raise(message: bytes) -> None:
    """Pieces of headers in any order."""
    assert offline(replace(good(), message=message)).worst is Level.ERROR
