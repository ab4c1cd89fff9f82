"""What rendering returns: the words of one email, with a marker where a reader's own links belong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rendered:
    """One email for every reader.

    `html` and `text` hold markers of the form `https://{marker}.invalid/{name}` (name: "unsubscribe", ...)
    where a reader's own link is put in when the message is assembled. `marker` is unguessable for whoever
    writes content, so that no text can pretend to be a link of ours. `briefly` counts the comparisons that
    are told in one line only, to keep the size that mail programs show whole.
    """

    subject: str
    html: str
    text: str
    marker: str
    briefly: int = 0

    def sha256(self) -> dict[str, str]:
        """The digests of subject, html and text as UTF-8, in hexadecimal."""
        parts = {"subject": self.subject, "html": self.html, "text": self.text}
        return {name: hashlib.sha256(value.encode()).hexdigest() for name, value in parts.items()}


def reader_link(marker: str, name: str) -> str:
    """The stand-in for a reader's own link called `name` (lower-case ASCII letters and hyphens)."""
    return f"https://{marker}.invalid/{name}"
