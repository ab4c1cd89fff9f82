"""A mail as its reader has it: its text, its page, and every address that a scanner would open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

_WEB = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail that was received."""

    to: str
    subject: str
    text: str
    page: str | None  # None where text is all there is
    headers: str

    def links(self) -> set[str]:
        """Every web address in it: headers, text, and whatever the page leads to or loads."""
        return {*_WEB.findall(self.headers), *_WEB.findall(self.text), *addresses(self.page or "")}

    def link(self, place: str) -> str:
        """The reader's own link that leads to `place`, the same wherever it stands in the mail."""
        (found,) = {link for link in self.links() if f"/{place}/" in link}
        return found


def read_letter(data: bytes) -> Letter:
    """A mail as it came over the wire."""
    mail = message_from_bytes(data, policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    lists = [str(value) for name, value in mail.items() if name.lower().startswith("list-")]
    page = _part(mail, "html")
    return Letter(str(mail["To"]), str(mail["Subject"]), _part(mail, "plain") or "", page, "\n".join(lists))


def addresses(page: str) -> set[str]:
    """The absolute web addresses in a page's attributes."""
    reader = _Addresses()
    reader.feed(page)
    return reader.found


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep them; `xmlns` names something and leads nowhere."""
        for name, value in attrs:
            if value and not name.startswith("xmlns") and re.match("https?://", value):
                self.found.add(value)


def _part(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return None if part is None else str(part.get_content())
