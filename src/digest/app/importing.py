"""A list of readers taken in, with the confirmations it owes: some thousand rows to a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from sqlalchemy.orm import Session

from digest.app.parts import App
from digest.audience import joining
from digest.audience.importing import ImportReport, import_csv
from digest.audience.rejects import Rejects
from digest.delivery.notices import owe_notices


def import_readers(
    app: App,
    file: BinaryIO,
    name: str,
    *,
    consent: str | None,
    on_progress: Callable[[ImportReport], None],
    rejects: Rejects | None = None,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    from_start: bool = False,
) -> ImportReport:
    """Add a CSV file's addresses; whoever has not agreed elsewhere is owed a confirmation with their row.

    `name` is what errors and the history call the file; otherwise as `audience.importing.import_csv`.
    """
    now = app.clock.now()

    def ask(session: Session, subscribers: Sequence[int]) -> None:
        joining.count_asked(session, subscribers, app.allowances, now)
        owe_notices(session, joining.CONFIRM, subscribers, now)

    return import_csv(
        app.database,
        file,
        name,
        suppressions=app.suppressions,
        now=now,
        consent=consent,
        on_pending=ask,
        on_progress=on_progress,
        rejects=rejects,
        mapping=mapping,
        dry_run=dry_run,
        from_start=from_start,
    )
