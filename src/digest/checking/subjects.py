"""The subject: there, short enough to be read, and without the habits of spam."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from digest.checking.findings import Finding, Level
from digest.checking.mail import Mail

CHECK = "subject"
LONG, TOO_LONG = 60, 90  # characters; phones show about 40, desktop programs about 60
_REPLY = re.compile(r"(?:re|fwd?|aw|wg|antw|tr|sv|rv)\s*(?:\[\d+\])?:", re.IGNORECASE)
_HABITS = re.compile(
    r"\bfree!|100\s?% free|\bact now\b|\bbuy now\b|\border now\b|\blimited time\b|\bclick (?:here|now)\b"
    r"|\bwinner\b|\bcongratulations\b|\brisk[- ]free\b|\bguarantee|\bcash\b|\burgent\b"
    r"|\b(?:make|earn) money\b|[$€£]{2}",
    re.IGNORECASE,
)


def check_subject(mail: Mail) -> Iterator[Finding]:
    """Every fault of the subject, or that there is none."""
    subject = " ".join(mail.subject.split())
    if not subject:
        yield Finding(CHECK, Level.ERROR, "the subject is empty")
        return
    problems = [*_length(subject), *_manners(subject)]
    if mail.subject != subject:
        problems.append(Finding(CHECK, Level.NOTE, "the subject has line breaks or blanks too many"))
    yield from problems or [Finding(CHECK, Level.OK, f"{len(subject)} characters")]


def _length(subject: str) -> Iterator[Finding]:
    if len(subject) > TOO_LONG:
        message = f"the subject has {len(subject)} characters; most programs show fewer than {TOO_LONG}"
        yield Finding(CHECK, Level.WARNING, message)
    elif len(subject) > LONG:
        yield Finding(CHECK, Level.NOTE, f"the subject has {len(subject)} characters; phones show about 40")


def _manners(subject: str) -> Iterator[Finding]:
    if reply := _REPLY.match(subject):
        yield Finding(CHECK, Level.ERROR, f"the subject begins with “{reply[0]}” as if it were an answer")
    if _shouts(subject):
        yield Finding(CHECK, Level.WARNING, "the subject is all capitals")
    if subject.count("!") + subject.count("！") > 1:
        yield Finding(CHECK, Level.WARNING, "the subject has more than one exclamation mark")
    if habits := dict.fromkeys(found.casefold() for found in _HABITS.findall(subject)):
        yield Finding(CHECK, Level.WARNING, "the subject has words that spam filters know", tuple(habits))
    if _has_emoji_run(subject):
        yield Finding(CHECK, Level.NOTE, "the subject has several emoji in a row")


def _shouts(subject: str) -> bool:
    """Two words and eight letters at least, all capitals; a lone name such as `GPT` is no shout."""
    letters = [character for character in subject if character.isalpha()]
    return len(letters) >= 8 and len(subject.split()) > 1 and "".join(letters).isupper()


def _has_emoji_run(subject: str) -> bool:
    run = 0
    for character in subject:
        if unicodedata.category(character) == "So":
            run += 1
        elif character not in "\ufe0f\u200d " and not "\U0001f3fb" <= character <= "\U0001f3ff":
            run = 0
        elif character == "\u200d":
            run -= 1  # joins two into one picture
        if run > 1:
            return True
    return False
