"""What is looked at: one reader's copy of an email, and what the email was to say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail exactly as one reader gets it, with sample links filled in.

    `message` is the whole RFC 5322 message with CRLF line ends. `own_links` are the reader's own links and
    those of our web application: they are never asked for. `items` is what the text part must say (names,
    titles, ...), `said` are the site's own words, in which anything may stand. `shortened` counts comparisons
    that are not told whole because of `budget`, in bytes of HTML.
    """

    subject: str
    preheader: str
    html: str
    text: str
    message: bytes
    own_links: frozenset[str]
    budget: int
    items: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    shortened: int = 0
