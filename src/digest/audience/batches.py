"""The rows of a table some thousands at a time, as the database takes them: one person to an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from digest.audience.bulk import Person
from digest.audience.choices import Choices
from digest.audience.rows import Rejected, Row, Table
from digest.audience.suppressing import Suppressions
from digest.tokens import new_public_ids


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of the file: whom they name, how many they are, the bad ones too, and where they end."""

    people: list[Person]
    choices: dict[str, Choices]  # by canonical address, of those who had made any
    rows: int
    rejected: int
    offset: int
    line: int


def batches(
    table: Table,
    suppressions: Suppressions,
    *,
    size: Callable[[], int],
    on_rejected: Callable[[Rejected], None],
    agreed: bool,
) -> Iterator[Batch]:
    """The rows that are left, by as many as `size` says at the time; all pending, unless they `agreed`."""

    def good(row: Row | Rejected) -> Row | None:
        if isinstance(row, Row):
            return row
        on_rejected(row)  # and its cells, however long, are forgotten
        return None

    def batch(taken: list[Row | None]) -> Batch:
        rows = [row for row in taken if row]
        people, choices = _people(rows, suppressions, agreed=agreed)
        return Batch(people, choices, len(taken), len(taken) - len(rows), table.offset, table.lines)

    every = map(good, table)
    # Unlike a loop with a yield, map does not hold the rows while their batch is worked on.
    return map(batch, iter(lambda: list(islice(every, size())), []))


def _people(
    rows: Sequence[Row], suppressions: Suppressions, *, agreed: bool
) -> tuple[list[Person], dict[str, Choices]]:
    """Each address once, and what was chosen there; its first row counts."""
    people: dict[str, Person] = {}
    choices: dict[str, Choices] = {}
    for number, (row, public_id) in enumerate(zip(rows, new_public_ids(len(rows)), strict=True)):
        email, canonical = row.address.email, row.address.canonical
        if known := people.get(canonical):
            people[canonical] = known._replace(times=known.times + 1)
        else:
            hashed, pending = suppressions.hash(canonical), row.pending or not agreed
            people[canonical] = Person(number, public_id, email, canonical, hashed, row.name, pending, 1)
            if row.choices:
                choices[canonical] = row.choices
    return list(people.values()), choices
