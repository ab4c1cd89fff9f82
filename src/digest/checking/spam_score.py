"""What SpamAssassin thinks of the message, where it is installed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from digest.checking.findings import Finding, Level
from digest.checking.mail import Mail
from digest.programs import NoOutput, output

CHECK = "spam-score"
DOUBTFUL, SPAM = 3.0, 5.0  # points; 5 is what SpamAssassin itself calls spam
DAEMON_SECONDS, PROGRAM_SECONDS = 10, 30
# -x: without a daemon, say so instead of handing the message back. -L: no questions to the network.
# Nothing is learnt and no preferences are written: a preview leaves no trace.
SPAMC = ("spamc", "-x", "-R", "-t", "8", "-n", "2", "--connect-retries=1", "--filter-retries=1")
PROGRAM = ("spamassassin", "-L", "-t", "-x", "--cf=use_bayes 0", "--cf=use_auto_whitelist 0")
_POINTS = re.compile(r"\((-?\d+(?:\.\d+)?) points, -?\d+(?:\.\d+)? required\)")
_SUMMARY = re.compile(r"\A(-?\d+(?:\.\d+)?)/-?\d+(?:\.\d+)?\s*$", re.MULTILINE)
_RULE = re.compile(r"^ ?(-?\d+(?:\.\d+)?) +([A-Z][A-Z0-9_]+) +(.*(?:\n {20,}\S.*)*)", re.MULTILINE)


class Score(NamedTuple):
    """The points, and the rules that gave them: `1.8 DRUGS_ERECTILE Refers to …`."""

    points: float
    rules: tuple[str, ...]


def check_spam_score(mail: Mail) -> Iterator[Finding]:
    """The score with the rules that gave or took points; a note where no SpamAssassin answers."""
    installed = [command for command in (SPAMC, PROGRAM) if shutil.which(command[0])]
    answers = (_asked(command, mail.message) for command in installed)
    score = next((found for answer in answers if (found := read_score(answer))), None)
    if score is not None:
        yield _judged(score)
    elif shutil.which(PROGRAM[0]):
        yield Finding(CHECK, Level.NOTE, "SpamAssassin is installed, but gave no score in time")
    else:
        how = ("Debian and Ubuntu: apt-get install spamassassin",)
        yield Finding(CHECK, Level.NOTE, "no spam score: SpamAssassin is not installed", how)


def read_score(answer: str) -> Score | None:
    """The score in a report of `spamc -R` or `spamassassin -t`, which stands after the message itself."""
    found = [*_POINTS.finditer(answer)]
    summary = _SUMMARY.match(answer)
    if not found and (summary is None or summary[0].strip() == "0/0"):
        return None
    points = found[-1] if found else summary
    table = answer[found[-1].end() :] if found else ""
    rules = [
        (float(rule[1]), f"{rule[1]} {rule[2]} {' '.join(rule[3].split())}") for rule in _RULE.finditer(table)
    ]
    rules.sort(key=lambda rule: -abs(rule[0]))
    return Score(float(points[1]) if points else 0.0, tuple(line for weight, line in rules if weight))


def _judged(score: Score) -> Finding:
    level = Level.ERROR if score.points >= SPAM else Level.WARNING if score.points >= DOUBTFUL else Level.OK
    message = f"SpamAssassin gives {score.points:g} points; from {SPAM:g} on a mail is spam"
    return Finding(CHECK, level, message, score.rules)


def _asked(command: Sequence[str], message: bytes) -> str:
    """What the program says, or nothing when it fails or takes too long."""
    seconds = DAEMON_SECONDS if command is SPAMC else PROGRAM_SECONDS
    try:
        return output(command, given=message, seconds=seconds).decode("utf-8", "replace")
    except NoOutput:
        return ""
