"""A mail server that delivers to nobody: every mail it takes becomes a file one can open."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from digest.demo.setting_up import HOST, free_port

START_SECONDS: Final = 20


class Outbox:
    """`with Outbox(folder) as outbox:` takes mail on `outbox.port`; `label` names the folder it goes to."""

    def __init__(self, folder: Path) -> None:
        """Nothing listens yet."""
        self.folder = folder
        self.label = "mail"
        self.port = free_port()
        self._controller = Controller(self, hostname=HOST, port=self.port, ready_timeout=START_SECONDS)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one mail; aiosmtpd calls this by its name."""
        content = envelope.content or b""
        for recipient in envelope.rcpt_tos:
            self._keep(recipient, content.encode() if isinstance(content, str) else content)
        return "250 2.0.0 kept"

    def _keep(self, recipient: str, content: bytes) -> None:
        folder = self.folder / self.label
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.@+-]", "_", recipient)
        # A second mail to the same reader must show, not overwrite the first.
        number = len(list(folder.glob(f"{name}*.eml")))
        (folder / (f"{name}-{number + 1}.eml" if number else f"{name}.eml")).write_bytes(content)

    def mails(self, label: str) -> dict[str, EmailMessage]:
        """What came under a label, by the names of the files."""
        files = sorted((self.folder / label).glob("*.eml"))
        return {file.stem: message_from_bytes(file.read_bytes(), policy=policy.SMTP) for file in files}


def first_link(message: EmailMessage, path: str) -> str:
    """The first link in a mail's text whose path starts with `path`, or the empty string."""
    part = message.get_body(("plain",))
    text = part.get_content() if part else ""
    found = re.search(rf"https?://[^\s/]+/{re.escape(path)}/\S+", text)
    return found[0] if found else ""


def leaving_link(message: EmailMessage) -> str:
    """The web address in List-Unsubscribe, or the empty string; a mailto: one may stand beside it."""
    found = re.search(r"<(https?://[^<>]*)>", str(message.get("List-Unsubscribe", "")))
    return found[1] if found else ""
