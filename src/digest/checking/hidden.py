"""Text that nobody sees: the preheader is expected, anything else costs trust (Gmail's sender guidelines)."""

from __future__ import annotations

from collections.abc import Iterator

from digest.checking.cascade import Styles
from digest.checking.findings import Finding, Level, listed, sample
from digest.checking.looks import looks
from digest.checking.mail import Mail
from digest.checking.media import Screen
from digest.checking.page import Page, own_texts

CHECK = "hidden-text"
# What a preheader is padded with so that no body text follows it in the list of mails.
_FILLING = "\u00a0\u200b\u200c\u200d\u034f\u00ad\u2007\ufeff \t\r\n"


def check_hidden_text(mail: Mail, page: Page, styles: Styles) -> Iterator[Finding]:
    """Hidden words beyond the preheader, each with what hides them."""
    preheader = " ".join(mail.preheader.split())
    hidden = [(text, why) for text, why in _hidden(page, styles) if text.strip(_FILLING)]
    if preheader and hidden and hidden[0][0].strip(_FILLING) == preheader.strip(_FILLING):
        del hidden[0]
    if hidden:
        places = listed(f"{why}: {sample(text)}" for text, why in hidden)
        yield Finding(CHECK, Level.WARNING, "there is hidden text beyond the preheader", places)
    else:
        yield Finding(CHECK, Level.OK, "no text is hidden but the preheader")


def _hidden(page: Page, styles: Styles) -> Iterator[tuple[str, str]]:
    for element, look in looks(page, styles, Screen()).items():
        if look.unseen:
            yield from ((text, look.unseen) for text in own_texts(element))
