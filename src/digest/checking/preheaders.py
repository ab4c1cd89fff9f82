"""The preheader: the line that stands beside the subject in the list of mails."""

from __future__ import annotations

from collections.abc import Iterator

from digest.checking.findings import Finding, Level, sample
from digest.checking.mail import Mail
from digest.checking.page import Page, words

CHECK = "preheader"
LONGEST = 140  # characters; no program shows more


def check_preheader(mail: Mail, page: Page) -> Iterator[Finding]:
    """There, first in the HTML, not too long, and not the subject again."""
    preheader = " ".join(mail.preheader.split())
    if not preheader:
        message = "there is no preheader; programs will show the first words of the mail"
        yield Finding(CHECK, Level.WARNING, message)
        return
    problems = list(_faults(preheader, " ".join(mail.subject.split())))
    beginning = "" if page.body is None else words(page.body)
    if not beginning.startswith(preheader):
        message = "the HTML does not begin with the preheader"
        problems.append(Finding(CHECK, Level.WARNING, message, (sample(beginning, 100),)))
    yield from problems or [Finding(CHECK, Level.OK, f"{len(preheader)} characters")]


def _faults(preheader: str, subject: str) -> Iterator[Finding]:
    if len(preheader) > LONGEST:
        yield Finding(
            CHECK, Level.NOTE, f"the preheader has {len(preheader)} characters; {LONGEST} are seen at best"
        )
    if subject and subject.casefold().rstrip(".!?") in preheader.casefold():
        yield Finding(CHECK, Level.NOTE, "the preheader repeats the subject")
