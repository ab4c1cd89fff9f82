"""A composed message says exactly what was rendered, with one reader's links, whatever the words are."""

from __future__ import annotations

import email
import email.policy
import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.composing import Letter, Pieces, compose
from digest.delivery.headers import Headers, message_id
from digest.delivery.mailboxes import BadRecipient, ascii_address
from digest.errors import ConfigError, DigestError, RenderError
from digest.rendering.rendered import Rendered, reader_link

MARKER = "m4rk3r0f0ne3mail"
UNSUBSCRIBE = reader_link(MARKER, "unsubscribe")
PREFERENCES = reader_link(MARKER, "preferences")
LINKS = {
    "unsubscribe": "https://example.org/u/" + "t0ken-_" * 12 + "?a=1&b=2",
    "preferences": "https://example.org/p/short",
}
EDITION = Headers(
    sender="Weekly Verdicts <digest@example.org>",
    name="Weekly Verdicts",
    reply_to="editors@example.org",
    list_id="weekly.example.org",
    list_unsubscribe=True,
    list_archive="https://example.org/archive",
    feedback_id="2026-W47:weekly:digest:exampleorg",
    bulk=True,
)
PLAIN = Headers(sender="digest@example.org")
DATE = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
ID = "<abc@example.org>"


def rendered(subject: str = "A vs B", text: str = "Hello\n", page: str = "<p>Hello</p>\n") -> Rendered:
    """An email whose interesting part is given."""
    return Rendered(subject=subject, html=page, text=text, marker=MARKER)


def built(pieces: Pieces, **changes: Any) -> bytes:
    """Ada's message, with what is given changed."""
    values: dict[str, Any] = {"to": "ada@example.net", "message_id": ID, "date": DATE, "links": LINKS}
    return pieces.message(**(values | changes))


def parsed(data: bytes) -> EmailMessage:
    """The message as a strict reader's program sees it: any defect raises."""
    strict = email.policy.SMTP.clone(raise_on_defect=True)
    return email.message_from_bytes(data, policy=strict)


def parts(data: bytes) -> tuple[str, str]:
    """The decoded text and HTML, with LF line ends."""
    message = parsed(data)
    decoded = [cast("bytes", part.get_payload(decode=True)).decode() for part in message.iter_parts()]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    return decoded[0].replace("\r\n", "\n"), decoded[1].replace("\r\n", "\n")


def head(data: bytes) -> list[bytes]:
    """The header lines, folded as they are."""
    return data.partition(b"\r\n\r\n")[0].split(b"\r\n")


def name_of(data: bytes) -> str:
    """The display name in From as it was sent."""
    raw = email.message_from_bytes(data)["From"]
    return str(raw).partition("<")[0].strip()


def test_an_edition_carries_every_header_the_standards_ask_for() -> None:
    """The whole header set of an edition, in order."""
    data = built(compose(rendered(), EDITION), date=DATE.astimezone(timezone(timedelta(hours=-3))))
    assert b"\n".join(head(data)[:-1]).decode() == (
        'From: "Weekly Verdicts" <digest@example.org>\n'
        "Subject: A vs B\n"
        "Reply-To: editors@example.org\n"
        'List-Id: "Weekly Verdicts" <weekly.example.org>\n'
        "List-Post: NO\n"
        "List-Archive: <https://example.org/archive>\n"
        "Precedence: bulk\n"
        "Feedback-ID: 2026-W47:weekly:digest:exampleorg\n"
        "To: ada@example.net\n"
        "Date: Thu, 19 Nov 2026 06:00:00 -0300\n"
        "Message-ID: <abc@example.org>\n"
        f"List-Unsubscribe: <{LINKS['unsubscribe']}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
        "MIME-Version: 1.0\n"
        "Content-Type: multipart/alternative;"
    )


def test_a_notice_carries_no_list_headers() -> None:
    """A confirm mail is one person's business: automatic, and nothing to unsubscribe from."""
    notice = Headers(sender="digest@example.org", auto_submitted=True)
    message = parsed(built(compose(rendered(), notice), links={}))
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.startswith("List-") or name in ("Precedence", "Feedback-ID")]


def test_links_are_put_into_both_parts_and_escaped_in_html() -> None:
    """Markers give way to links; nothing else changes."""
    text = f"Leave: {UNSUBSCRIBE}\n{PREFERENCES}\nBye {UNSUBSCRIBE}."
    page = f'<a href="{UNSUBSCRIBE}">Leave</a><a href="{PREFERENCES}">Choose</a>\n'
    pieces = compose(rendered(text=text, page=page), EDITION)
    plain, rich = parts(built(pieces))
    unsubscribe, preferences = LINKS["unsubscribe"], LINKS["preferences"]
    assert pieces.links == {"unsubscribe", "preferences"}
    assert plain == f"Leave: {unsubscribe}\n{preferences}\nBye {unsubscribe}."
    assert rich == f'<a href="{html.escape(unsubscribe)}">Leave</a><a href="{preferences}">Choose</a>\n'


WORDS = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=120),
        st.sampled_from(
            [UNSUBSCRIBE, PREFERENCES, "\r\n", "\n.\n", ".", " \n", "\t", "=", "é" * 60, "x" * 300]
        ),
        st.sampled_from(["\n--=_", "From here", "\n\n", "\r", "\u2028", "\0", "👩‍🚀" * 30]),
    ),
    max_size=12,
).map(" ".join)


def mailed(source: str, escape: Callable[[str], str]) -> str:
    """What a reader should get for `source`, with LF line ends."""
    for name, link in LINKS.items():
        source = source.replace(reader_link(MARKER, name), escape(link))
    return re.sub(r"\r\n?", "\n", source)


@given(text=WORDS, page=WORDS)
def test_any_words_come_out_as_they_went_in(text: str, page: str) -> None:
    """Quoted-printable pieces joined with links decode to the source, in short 7-bit CRLF lines."""
    data = built(compose(rendered(text=text, page=page), EDITION))
    assert parts(data) == (mailed(text, str), mailed(page, html.escape))
    assert data.isascii()
    assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r")
    assert data.endswith(b"\r\n")
    body = data.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert max(map(len, body)) <= 76
    assert not any(line.endswith((b" ", b"\t")) for line in body)


@given(subject=st.text(max_size=400), name=st.text(max_size=100))
def test_any_title_makes_a_sound_header(subject: str, name: str) -> None:
    """A strange subject or newsletter name neither breaks the run nor the header."""
    data = built(compose(rendered(subject), Headers(sender="a@b.org", name=name, list_id="l.b.org")))
    assert all(len(line) <= 78 for line in head(data) if not line.startswith(b"List-"))
    assert data.count(b"\nSubject: ") == 1
    message = parsed(data)
    assert {part.casefold() for part in message} == {part.casefold() for part in set(message)}
    assert "<l.b.org>" in message["List-Id"]


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Claude vs Axolotl: which one?", "Claude vs Axolotl: which one?"),
        ("naïve 🚀 titles", "naïve 🚀 titles"),
        ("two\r\nBcc: victim@example.org", "two Bcc: victim@example.org"),
        ("a\u2028b\x0bc\x00d\x85e", "a b c d e"),
        ("=?utf-8?q?not_encoded?=", "=?utf-8?q?not_encoded?="),
        ("word " * 60, ("word " * 60).strip()),
        ("x" * 300, "x" * 300),
        ("語" * 300, "語" * 300),
        ("a\ud800b", "a b"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_subjects_arrive_as_they_were_meant(subject: str, shown: str) -> None:
    """Encoded words and folds are undone by the reader's program; line ends never become headers."""
    data = built(compose(rendered(subject), PLAIN), links={})
    assert parsed(data)["Subject"] == shown
    assert "Bcc" not in parsed(data)
    assert max(map(len, head(data))) <= 78


@pytest.mark.parametrize(
    ("sender", "name", "address"),
    [
        ("a@example.org", "", "a@example.org"),
        ('"Verdicts, Weekly" <a@example.org>', "Verdicts, Weekly", "a@example.org"),
        (r'"A \"B\" \\ C" <a@example.org>', 'A "B" \\ C', "a@example.org"),
        ("Wöchentliche Urteile über Werkzeuge und mehr <a@bücher.example>", None, "a@xn--bcher-kva.example"),
        (f"{'long ' * 20}<{'a' * 60}@example.org>", ("long " * 20).strip(), f"{'a' * 60}@example.org"),
    ],
)
def test_the_sender_keeps_name_and_address(sender: str, name: str | None, address: str) -> None:
    """Display names are quoted or encoded, domains become A-labels."""
    data = built(compose(rendered(), Headers(sender=sender)), links={})
    (mailbox,) = parsed(data)["From"].addresses
    # The standard library leaves the space between two encoded words of a name, where RFC 2047 §6.2 drops it.
    shown = (
        mailbox.display_name if "=?" not in name_of(data) else str(make_header(decode_header(name_of(data))))
    )
    assert (shown, mailbox.addr_spec) == (sender.partition(" <")[0] if name is None else name, address)
    assert max(map(len, head(data))) <= 78


def test_one_click_stays_on_one_line_however_long() -> None:
    """Folding or encoding List-Unsubscribe would switch the button off (RFC 8058)."""
    link = "https://example.org/" + "x" * 400
    lines = head(built(compose(rendered(), EDITION), links=LINKS | {"unsubscribe": link}))
    assert f"List-Unsubscribe: <{link}>".encode() in lines


@pytest.mark.parametrize("name", ["Wöchentlich", "", "x" * 300, "a\r\nBcc: b@example.org"])
def test_a_list_name_never_endangers_the_list_id(name: str) -> None:
    """The identifier is what matters; a phrase that cannot be quoted is left out."""
    data = built(compose(rendered(), Headers(sender="a@b.org", name=name, list_id="l.b.org")))
    line = next(line for line in head(data) if line.startswith(b"List-Id:"))
    assert line.endswith(b"<l.b.org>")
    assert "Bcc" not in parsed(data)


@pytest.mark.parametrize(
    "to",
    [
        "ada@example.net\r\nBcc: eve@example.net",
        "ada@example.net\n",
        "ada lovelace@example.net",
        "ada@example.net, eve@example.net",
        "adä@example.net",
        "<ada@example.net>",
        "ada",
        "@example.net",
        "ada@",
        "ada@-\u2028.net",
        "a..b@example.net",
        '"ada@example.net',
        '"ad\ta"@example.net',
        '""@example.net',
        "ada@exa mple.net",
        "ada@ü" + "x" * 80 + ".net",
        "a" * 65 + "@example.net",
        "ada@" + "x." * 130 + "net",
        "",
    ],
)
def test_recipients_that_smtp_cannot_carry_are_refused(to: str) -> None:
    """Each is that reader's own error, and the error does not repeat the address."""
    with pytest.raises(BadRecipient) as caught:
        built(compose(rendered(), EDITION), to=to)
    assert isinstance(caught.value, DigestError)
    assert isinstance(caught.value, ValueError)
    assert not to or to not in str(caught.value)


def test_foreign_domains_become_a_labels() -> None:
    """A non-ASCII domain is written as DNS knows it."""
    assert ascii_address("Ada+x@Bücher.example") == "Ada+x@xn--bcher-kva.example"
    assert b"\r\nTo: a@xn--bcher-kva.example\r\n" in built(
        compose(rendered(), EDITION), to="a@bücher.example"
    )


def test_a_quoted_local_part_stays_quoted() -> None:
    """Where it needs to be, in the header as in the envelope (RFC 5321 §4.1.2)."""
    letter = compose(rendered(), EDITION).letter(
        to='"Ada \\"L\\" x"@Example.net', message_id=ID, date=DATE, links=LINKS
    )
    assert letter.to == '"Ada \\"L\\" x"@Example.net'
    assert f"\r\nTo: {letter.to}\r\n".encode() in letter.data
    parsed = email.message_from_bytes(letter.data, policy=email.policy.SMTP)
    (to,) = parsed["To"].addresses
    assert (to.username, to.domain) == ('Ada "L" x', "Example.net")
    assert ascii_address('"ad\\a.l"@example.net') == "ada.l@example.net"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://a b", "https://a\r\nX: y", "https://ü", "https://a>b"]
)
def test_links_that_a_header_cannot_carry_are_refused(link: str) -> None:
    """A link is a plain ASCII URL without brackets."""
    with pytest.raises(RenderError, match="unsubscribe"):
        built(compose(rendered(), EDITION), links={"unsubscribe": link})


def test_a_missing_link_is_named() -> None:
    """A forgotten link is an error, not a hole in the email."""
    with pytest.raises(RenderError, match="preferences"):
        built(compose(rendered(text=PREFERENCES), PLAIN), links={})
    with pytest.raises(RenderError, match="unsubscribe"):
        built(compose(rendered(), EDITION), links={})


@pytest.mark.parametrize(
    "words",
    [
        f"http://{MARKER}.invalid/unsubscribe",
        f"https://{MARKER.upper()}.invalid/x",
        f"{MARKER}",
        UNSUBSCRIBE[:-11],
    ],
)
def test_a_damaged_stand_in_is_found_before_anything_is_sent(words: str) -> None:
    """A link that a template mangled would otherwise reach every reader."""
    for broken in (rendered(text=words), rendered(page=words), rendered(subject=words)):
        with pytest.raises(RenderError):
            compose(broken, PLAIN)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "nobody"},
        {"sender": "A <a@b.org>, B <c@d.org>"},
        {"reply_to": "x"},
        {"list_id": "a b"},
        {"list_archive": "archive"},
        {"feedback_id": "a\r\nBcc: b"},
        {"feedback_id": "ü"},
    ],
)
def test_unusable_settings_are_named_as_such(change: dict[str, str]) -> None:
    """What the operator wrote wrongly is the operator's to mend."""
    with pytest.raises(ConfigError):
        compose(rendered(), Headers(**({"sender": "a@example.org"} | change)))  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", ["abc@example.org", "<a b@example.org>", "<a@b>\r\nX: y", "<@b>", "<a>"])
def test_a_malformed_message_id_is_refused(bad: str) -> None:
    """A Message-ID with a space or line end would end the header early."""
    with pytest.raises(ValueError, match="Message-ID"):
        built(compose(rendered(), PLAIN), message_id=bad)


def test_a_date_needs_a_zone() -> None:
    """A naive date would become "-0000"."""
    with pytest.raises(ValueError, match="zone"):
        built(compose(rendered(), PLAIN), date=DATE.replace(tzinfo=None))


def test_message_ids_are_stable_and_everybodys_own() -> None:
    """The same mailing to the same reader keeps its id; every other pair has another."""
    pairs = [
        ("2026-W47", "a1"),
        ("2026-W47", "a2"),
        ("2026-W48", "a1"),
        ("2026-W47a", "1"),
        ("2026-W4", "7a1"),
    ]
    ids = [message_id(seed, reader, "bücher.example") for seed, reader in pairs]
    assert len(set(ids)) == len(pairs)
    assert ids[0] == message_id("2026-W47", "a1", "bücher.example")
    assert re.fullmatch(r"<[0-9a-f]{32}@xn--bcher-kva\.example>", ids[0])
    with pytest.raises(ConfigError):
        message_id("2026-W47", "a1", "no domain")


def test_the_same_email_gives_the_same_bytes() -> None:
    """Nothing random: a retry can be compared with the first try."""
    assert built(compose(rendered(), EDITION)) == built(compose(rendered(), EDITION))


def lettered(pieces: Pieces, links: dict[str, str]) -> Letter:
    """Ada's message for the wire."""
    return pieces.letter(to="ada@example.net", message_id=ID, date=DATE, links=links)


def dotted(data: bytes) -> bytes:
    """What SMTP makes of whole lines: a dot before each that begins with one, and a lone one at the end."""
    *lines, nothing = data.split(b"\r\n")
    assert nothing == b""
    return b"\r\n".join([b"." + line if line.startswith(b".") else line for line in lines] + [b".", b""])


DOTS = st.lists(
    st.one_of(
        st.sampled_from(
            [".", "\n.", "\n..\n", f"{UNSUBSCRIBE}.", f".{PREFERENCES}..", f"\n{PREFERENCES}\n."]
        ),
        st.text(alphabet=".= é\n", max_size=120),
    ),
    max_size=8,
).map(" ".join)
LINK = st.lists(st.sampled_from([".", "=", "&", "." * 80, "x" * 55, "x" * 20]), max_size=9).map(
    lambda parts: "https://example.org/" + "".join(parts)
)


@given(text=DOTS, page=DOTS, unsubscribe=LINK, preferences=LINK)
def test_a_letter_is_the_message_with_its_dots(
    text: str, page: str, unsubscribe: str, preferences: str
) -> None:
    """Doubled in the words and in the links, and not counted (RFC 5321 §4.5.2, RFC 1870 §3)."""
    links = {"unsubscribe": unsubscribe, "preferences": preferences}
    pieces = compose(rendered(text=text, page=page), EDITION)
    message, letter = built(pieces, links=links), lettered(pieces, links)
    assert letter.data == dotted(message)
    assert letter.octets == len(message)
    assert letter.to == "ada@example.net"


def test_a_letter_is_refused_like_a_message() -> None:
    """For the same reasons."""
    pieces = compose(rendered(text=PREFERENCES), PLAIN)
    with pytest.raises(BadRecipient):
        pieces.letter(to="ada", message_id=ID, date=DATE, links=LINKS)
    with pytest.raises(RenderError, match="preferences"):
        lettered(pieces, {})
    foreign = pieces.letter(to="a@bücher.example", message_id=ID, date=DATE, links=LINKS)
    assert foreign.to == "a@xn--bcher-kva.example"
