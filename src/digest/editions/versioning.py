"""Count an edition's changes: its version is what tells an editor that somebody else was quicker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from digest.editions.models import Edition


@contextmanager
def versioned(edition: Edition) -> Iterator[None]:
    """Let the version grow by one where what is done inside changes what an editor would notice.

    These may stand in one another: an act that plans the draft anew is one change.
    """
    version, before = edition.version, _noticed(edition)
    yield
    if _noticed(edition) != before:
        edition.version = version + 1


def _noticed(edition: Edition) -> tuple[object, ...]:
    decided = sorted(edition.choices, key=lambda choice: (choice.place or 0, choice.comparison_id))
    return (
        (edition.status, edition.reason),
        (edition.subject, edition.preheader, edition.intro),
        (edition.own_subject, edition.own_preheader),
        [item.comparison_id for item in edition.items],
        [(choice.comparison_id, choice.kind, choice.reason) for choice in decided],
        {voice.tool_id: voice.numbers for voice in edition.voices},
    )
