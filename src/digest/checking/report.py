"""All checks of one mail, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from digest.checking.answering import check_answering
from digest.checking.broken_css import check_style_sheets
from digest.checking.cascade import Styles
from digest.checking.contrast import check_contrast
from digest.checking.findings import Finding, Level
from digest.checking.forbidden import check_forbidden
from digest.checking.headers import check_headers
from digest.checking.headings import check_headings
from digest.checking.hidden import check_hidden_text
from digest.checking.images import check_images
from digest.checking.language import check_language
from digest.checking.leftovers import check_leftovers
from digest.checking.links import check_links
from digest.checking.looks import PROPERTIES
from digest.checking.mail import Mail
from digest.checking.page import Page, read_page
from digest.checking.preheaders import check_preheader
from digest.checking.sizes import check_sizes
from digest.checking.spam_score import check_spam_score
from digest.checking.subjects import check_subject
from digest.checking.support import check_support
from digest.checking.text_part import check_text


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, the worst first; among equals in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Level:
        """How bad the worst finding is."""
        return min(
            (finding.level for finding in self.findings), key=lambda level: level.rank, default=Level.OK
        )

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.worst is not Level.ERROR

    def as_json(self) -> dict[str, object]:
        """`{"ok": bool, "findings": [{"check", "level", "message", "detail": [str, ...]}]}`."""
        return {"ok": self.ok, "findings": [_as_json(finding) for finding in self.findings]}


def check(mail: Mail, *, offline: bool = False, besides: Iterable[Finding] = ()) -> Report:
    """Look at everything; `offline` asks no link, `besides` was found elsewhere and is told with it."""
    page = read_page(mail.html)
    findings = list(_findings(mail, page))
    if not offline:
        findings += check_answering(mail, page)
    findings += check_spam_score(mail)
    findings += besides
    return Report(tuple(sorted(findings, key=lambda finding: finding.level.rank)))


def _findings(mail: Mail, page: Page) -> Iterator[Finding]:
    """What can be told from the mail alone."""
    styles = Styles(page, PROPERTIES)
    yield from check_subject(mail)
    yield from check_preheader(mail, page)
    yield from check_sizes(mail, page)
    yield from check_links(page)
    yield from check_text(mail, page)
    yield from check_leftovers(mail, page)
    yield from check_images(page)
    yield from check_contrast(page, styles)
    yield from check_hidden_text(mail, page, styles)
    yield from check_headings(page)
    yield from check_language(page)
    yield from check_forbidden(page)
    yield from check_style_sheets(page)
    yield from check_headers(mail)
    yield from check_support(page)


def _as_json(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.check,
        "level": finding.level.value,
        "message": finding.message,
        "detail": list(finding.detail),
    }
