"""Tables of readers as an import reads them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from digest.audience.rows import Rejected, Row, Table
from digest.errors import SourceError


def table_rows(
    data: bytes, source: str = "list.csv", mapping: Mapping[str, str] | None = None
) -> Iterator[Row | SourceError]:
    """Every row, or what is wrong with it; raises SourceError for an unusable header."""
    for row in Table(io.BytesIO(data), source, mapping):
        yield row.error if isinstance(row, Rejected) else row
