"""Taking comparisons out of the editions to come, and letting them back in: each act is one transaction."""

from __future__ import annotations

from digest.app.parts import App
from digest.content import listing


def withdraw(app: App, slug: str) -> None:
    """Keep a comparison out of every edition that is not frozen yet, and off the pages; raises NotFound."""
    with app.database.write(lock="content") as session:
        listing.withdraw(session, slug, app.clock.now())


def restore(app: App, slug: str) -> None:
    """Let it back in; raises NotFound."""
    with app.database.write(lock="content") as session:
        listing.restore(session, slug)
