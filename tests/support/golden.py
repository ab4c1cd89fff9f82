"""What every email was when somebody last looked at it: `make golden` renews the files.

The HTML is kept in lines, so that a change can be read: a line break before every block and style rule, and
`¶` before each line break that is the email's own. `joined` takes that back, byte for byte.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

from tests.support.samples import mails

FOLDER = Path(__file__).resolve().parents[1] / "rendering" / "golden"
RENEW = "make golden"

_OWN = "¶"
_BLOCK = re.compile(
    r"(?=<(?:!--|/?(?:head|body|table)\b|(?:title|meta|style|div|tr|td|h[1-6]|p|ul|ol|li|blockquote|img)\b))"
    r"|(?<=\})(?=[^<}\s])"
)
_LONGEST = 60  # lines of a difference


def split(html: str) -> str:
    """The HTML in lines that can be read, from which `joined` makes the same HTML again."""
    if _OWN in html:
        raise ValueError(f"{_OWN} marks the line breaks of golden files, and cannot stand in a sample")
    return _BLOCK.sub("\n", html.replace("\n", f"{_OWN}\n")).removeprefix("\n") + "\n"


def joined(lines: str) -> str:
    """The HTML that was split."""
    return lines.replace("\n", "").replace(_OWN, "\n")


def rendered() -> dict[str, str]:
    """The golden files as they would be written now, by name."""
    files = {}
    for name, render in mails().items():
        mail = render()
        files[f"{name}.html"] = split(mail.html)
        files[f"{name}.txt"] = f"Subject: {mail.subject}\n\n{mail.text}"
    return files


def kept() -> dict[str, str]:
    """The golden files as they are."""
    return {path.name: path.read_bytes().decode() for path in sorted(FOLDER.iterdir())}


def difference(name: str, before: str, after: str) -> str:
    """What changed in a golden file, and what to do about it."""
    pieces = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"golden/{name}", "rendered now", n=1, lineterm=""
    )
    lines = list(pieces)
    more = [f"… and {len(lines) - _LONGEST} lines more"] if len(lines) > _LONGEST else []
    meant = f"If that is meant, renew the golden files and look at what changed: {RENEW}"
    return "\n".join([f"{name} has changed:", *lines[:_LONGEST], *more, "", meant])


def renew(files: Mapping[str, str]) -> None:
    """Write the files, and remove those that no email has any more."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.iterdir():
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (FOLDER / name).write_bytes(text.encode())


if __name__ == "__main__":
    renew(rendered())
