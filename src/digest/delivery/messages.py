"""One reader's message: the mailing's pieces, made once, joined with this reader's links."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from functools import cached_property
from threading import Lock

from sqlalchemy import select
from sqlalchemy.orm import Session

from digest.db import Database
from digest.delivery.claiming import Job
from digest.delivery.composing import Letter, Pieces, compose
from digest.delivery.headers import Headers, message_id
from digest.delivery.mailboxes import ascii_address
from digest.delivery.models import Mailing
from digest.delivery.signing import Signer
from digest.editions.models import Edition
from digest.errors import Conflict
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring, Purpose

LINKS = ("unsubscribe", "confirm", "preferences")
UNSUBSCRIBABLE = {"welcome"}  # notices that are list mail; the others answer something the person did


@dataclass(frozen=True)
class Sender:
    """Who the mail is from."""

    mailbox: str  # Name <a@b>
    name: str
    reply_to: str | None
    list_id: str | None

    @cached_property
    def address(self) -> str:
        """The envelope sender."""
        return parseaddr(self.mailbox)[1]

    @cached_property
    def path(self) -> str:
        """The envelope sender as SMTP writes it; raises BadRecipient where it cannot."""
        return ascii_address(self.address)

    @property
    def domain(self) -> str:
        """The domain of Message-IDs, and the list-id's where the settings name none."""
        return self.address.rpartition("@")[2]


@dataclass
class Messages:
    """Makes messages for any thread; each mailing's pieces are made at its first message."""

    database: Database
    renderer: Renderer
    keyring: Keyring
    sender: Sender
    base_url: str
    marker: Callable[[str], str]
    signer: Signer | None = None
    _pieces: dict[int | str, Pieces] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def letter(self, job: Job, now: datetime) -> Letter:
        """One delivery's message, ready for the wire."""
        pieces = self.pieces(job)
        return pieces.letter(
            to=job.email,
            message_id=message_id(job.seed, job.public_id, self.sender.domain),
            date=now,
            links=self.links(job.public_id, job.departures, now, pieces.links),
        )

    def links(
        self, public_id: str, departures: int, now: datetime, wanted: Collection[str] = LINKS
    ) -> dict[str, str]:
        """A reader's own links by the names that templates use, those of them that are `wanted`."""
        links = {}
        for name in wanted:
            token = self.keyring.issue(Purpose[name.upper()], public_id, now, departures)
            links[name] = f"{self.base_url}/{name}/{token}"
        return links

    def knows(self, job: Job) -> bool:
        """Whether a job's mailing has been met."""
        return (job.notice or job.mailing_id) in self._pieces

    def meet(self, session: Session, job: Job) -> None:
        """Make the pieces of a job's mailing, which takes a moment; notices of a name are the same mail."""
        wanted = job.notice or job.mailing_id
        with self._lock:
            if wanted not in self._pieces:
                made = (
                    self.notice_pieces(job.notice) if job.notice else self._edition(session, job.mailing_id)
                )
                self._pieces[wanted] = made

    def pieces(self, job: Job) -> Pieces:
        """The encoded pieces of a job's mailing."""
        if not self.knows(job):
            with self.database.read() as session:
                self.meet(session, job)
        return self._pieces[job.notice or job.mailing_id]

    def notice_pieces(self, name: str) -> Pieces:
        """A notice, rendered and encoded."""
        rendered = self.renderer.notice(name, {}, self.marker(f"notice:{name}"))
        return compose(rendered, self.headers(list_mail=name in UNSUBSCRIBABLE, notice=True))

    def _edition(self, session: Session, mailing_id: int) -> Pieces:
        query = (
            select(Edition).join(Mailing, Mailing.edition_id == Edition.id).where(Mailing.id == mailing_id)
        )
        edition = session.scalars(query).one()
        return compose(frozen(edition), self.headers(list_mail=True, key=edition.key))

    def headers(self, *, list_mail: bool, notice: bool = False, key: str = "") -> Headers:
        """The headers that all copies of a mailing share."""
        list_id = self.sender.list_id or f"digest.{self.sender.domain}"
        return Headers(
            sender=self.sender.mailbox,
            name=self.sender.name,
            reply_to=self.sender.reply_to,
            list_id=list_id if list_mail else None,
            list_unsubscribe=list_mail,
            list_archive=f"{self.base_url}/archive" if key and self.base_url.startswith("https:") else None,
            feedback_id=f"{key}:edition:digest:{_sender_id(list_id)}" if key else None,
            bulk=not notice,
            auto_submitted=notice,
            signer=self.signer,
        )


def frozen(edition: Edition) -> Rendered:
    """An approved edition's stored bytes; raises Conflict for one that has none."""
    if edition.html is None or edition.text is None or edition.marker is None:
        raise Conflict(f"edition {edition.key} is not approved yet")
    return Rendered(edition.subject, edition.html, edition.text, edition.marker, edition.briefly)


def _sender_id(list_id: str) -> str:
    """Feedback-ID's SenderId: 5 to 15 characters, the same in every mail."""
    return (list_id.replace(".", "-") + "-list")[:15].strip("-")
