"""What an operator has suppressed, by name or by the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

from digest.app.parts import App
from digest.audience.addresses import read_address
from digest.audience.progress import Reading
from digest.audience.suppressing_files import SuppressionReport, suppress_file
from digest.errors import SourceError


def suppress(app: App, emails: Sequence[str], *, reason: str, source: str) -> SuppressionReport:
    """Never mail these addresses again, in one transaction; who is on the list leaves.

    `source` is what the history says. Raises NotAnAddress, and then none is suppressed.
    """
    addresses, now = [read_address(email) for email in emails], app.clock.now()
    with app.database.write(lock="subscribers") as session:
        new = [app.suppressions.suppress(session, one, reason, source, now) for one in addresses]
    return SuppressionReport(sum(new), len(new) - sum(new))


def suppress_all_in(
    app: App,
    file: BinaryIO,
    name: str,
    *,
    reason: str,
    source: str,
    on_rejected: Callable[[SourceError], None],
    on_progress: Callable[[Reading], None] = lambda _: None,
) -> SuppressionReport:
    """The same for a file, which errors call `name`; good rows are done, some thousand to a transaction.

    Raises SourceError for a header without what is needed, and then nothing is done.
    """
    return suppress_file(
        app.database,
        file,
        name,
        suppressions=app.suppressions,
        reason=reason,
        by=source,
        now=app.clock.now(),
        on_rejected=on_rejected,
        on_progress=on_progress,
    )
