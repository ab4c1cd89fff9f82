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
from digest.delivery.headers import BY_MAIL, UNSUBSCRIBE, Headers, message_id
from digest.delivery.mailboxes import ascii_address
from digest.delivery.models import Mailing
from digest.delivery.signing import Signer
from digest.editions.models import Edition
from digest.errors import Conflict
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from digest.tokens import Keyring, Purpose, tag_of

# What pieces are kept by: the mailing, or a notice's name and its language; and whether they are text alone.
Variant = tuple[int, None, bool] | tuple[str, str, bool]
LINKS = ("unsubscribe", "confirm", "preferences", "change", "data")
# Notices that are list mail: their reader is on the list. The others answer something the person did.
UNSUBSCRIBABLE = {"welcome", "already-subscribed"}


@dataclass(frozen=True)
class Sender:
    """Who the mail is from."""

    mailbox: str  # Name <a@b>
    name: str
    reply_to: str | None
    list_id: str | None
    leave_at: str | None = None  # where any mail unsubscribes, when the address carries a reader's tag

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

    def leaving(self, tag: str) -> str | None:
        """The mailto: address at which the reader with this tag leaves (RFC 6068)."""
        local, _, domain = (self.leave_at or "").rpartition("@")
        return f"mailto:{local}+{tag}@{domain}" if domain else None


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
    _pieces: dict[Variant, Pieces] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def letter(self, job: Job, now: datetime) -> Letter:
        """One delivery's message, ready for the wire."""
        pieces = self.pieces(job)
        return pieces.letter(
            to=job.email,
            message_id=message_id(job.seed, job.public_id, self.sender.domain),
            date=now,
            links=self.links(job.public_id, job.departures, now, pieces.links, changes=job.changes),
        )

    def links(
        self,
        public_id: str,
        departures: int,
        now: datetime,
        wanted: Collection[str] = LINKS,
        *,
        changes: int = 0,
    ) -> dict[str, str]:
        """A reader's own links by the names that templates use, those of them that are `wanted`."""
        links = {}
        for name in wanted:
            generation = changes if name == "change" else departures
            token = self.keyring.issue(Purpose[name.upper()], public_id, now, generation)
            links[name] = f"{self.base_url}/{name}/{token}"
            if name == UNSUBSCRIBE and (address := self.sender.leaving(tag_of(token))):
                links[BY_MAIL] = address
        return links

    def knows(self, job: Job) -> bool:
        """Whether a job's mailing has been met."""
        return self._variant(job) in self._pieces

    def meet(self, session: Session, job: Job) -> None:
        """Make the pieces of a job's mailing, which takes a moment.

        Notices of a name are the same mail for all who get it in the same language.
        """
        wanted = self._variant(job)
        with self._lock:
            if wanted not in self._pieces:
                self._pieces[wanted] = self._made(session, job)

    def _made(self, session: Session, job: Job) -> Pieces:
        if job.notice:
            return self.notice_pieces(job.notice, job.language, text_only=job.text_only)
        return self._edition(session, job.mailing_id, text_only=job.text_only)

    def pieces(self, job: Job) -> Pieces:
        """The encoded pieces of a job's mailing."""
        if not self.knows(job):
            with self.database.read() as session:
                self.meet(session, job)
        return self._pieces[self._variant(job)]

    def notice_pieces(self, name: str, language: str | None = None, *, text_only: bool = False) -> Pieces:
        """A notice for somebody who chose `language`, rendered and encoded."""
        rendered = self.renderer.notice(name, {}, self.marker(f"notice:{name}"), language)
        headers = self.headers(list_mail=name in UNSUBSCRIBABLE, notice=True)
        return compose(rendered, headers, text_only=text_only)

    def _variant(self, job: Job) -> Variant:
        if job.notice is None:
            return job.mailing_id, None, job.text_only
        # Not what the reader chose, which may be any code: in as many languages as there are, and no more.
        return job.notice, self.renderer.language(job.notice, job.language), job.text_only

    def _edition(self, session: Session, mailing_id: int, *, text_only: bool) -> Pieces:
        query = (
            select(Edition).join(Mailing, Mailing.edition_id == Edition.id).where(Mailing.id == mailing_id)
        )
        edition = session.scalars(query).one()
        headers = self.headers(list_mail=True, key=edition.key)
        return compose(stored_bytes(edition), headers, text_only=text_only)

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


def stored_bytes(edition: Edition) -> Rendered:
    """An approved edition's stored bytes; raises Conflict for one that has none."""
    if edition.html is None or edition.text is None or edition.marker is None:
        raise Conflict(f"edition {edition.key} is not approved yet")
    return Rendered(edition.subject, edition.html, edition.text, edition.marker, edition.briefly)


def _sender_id(list_id: str) -> str:
    """Feedback-ID's SenderId: 5 to 15 characters, the same in every mail."""
    return (list_id.replace(".", "-") + "-list")[:15].strip("-")
