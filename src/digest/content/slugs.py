"""Names as identities: what makes two names one tool, and how a name looks in an address."""

from __future__ import annotations

import hashlib
import re
import unicodedata

SLUG_LENGTH = 80


def name_key(name: str) -> str:
    """The name without differences that readers do not see: case, width, runs of spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def slugify(name: str) -> str:
    """`name` in lower-case ASCII letters, digits and hyphens; a short hash where nothing would remain."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")
    return slug or f"x-{short_hash(name)}"


def distinct_slug(name: str) -> str:
    """A slug for a name whose plain slug another name already has ("C++" beside "C")."""
    return f"{slugify(name)}-{short_hash(name_key(name))}"


def short_hash(text: str) -> str:
    """Six hexadecimal characters that depend on every character of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:6]
