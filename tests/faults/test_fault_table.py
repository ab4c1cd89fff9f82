"""docs/faults.md is true: each row is acted out by a real server, and the ledger is what the row says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.fault_page import Row, rows
from tests.faults.mailing_faults import MAILING
from tests.faults.opening_faults import OPENING
from tests.faults.sink_faults import SINK
from tests.faults.trials import Case, Trials, try_out

SCENARIOS = OPENING | MAILING
ENVELOPES = MAILING.keys() - {"The connection as a whole", "Over days"}


def one_by_one(case: Case) -> Case:
    """The same without PIPELINING."""
    return replace(case, script=replace(case.script, hide=case.script.hide | {"PIPELINING"}))


def in_its_ways(row: Row, number: int, case: Case) -> Iterator[tuple[str, Case]]:
    """The first case of a row about mails is tried in both ways to say the envelope, the others in turn."""
    both = row.heading in ENVELOPES
    if number == 1 or number % 2 or not both:
        yield "", case
    if both and (number == 1 or not number % 2):
        yield ", one by one", one_by_one(case)


def scenarios() -> Iterator[object]:
    """Every case of every row."""
    for row in rows():
        cases = SCENARIOS.get(row.heading, {}).get(row.fault, [])
        for number, case in enumerate(cases, start=1):
            for way, made in in_its_ways(row, number, case):
                yield pytest.param(row, made, id=f"{row.heading}: {row.fault} {number}{way}")


def test_each_row_has_a_scenario_and_each_scenario_a_row() -> None:
    """Neither is forgotten."""
    promised = [(row.heading, row.fault) for row in rows() if row.heading != SINK]
    assert promised == [(heading, fault) for heading, faults in SCENARIOS.items() for fault in faults]
    assert all(cases for faults in SCENARIOS.values() for cases in faults.values())


@pytest.mark.parametrize(("row", "case"), list(scenarios()))
def test_the_ledger_is_what_the_page_says(trials: Trials, row: Row, case: Case) -> None:
    """After the run, and in the end, when the relay is well again."""
    assert try_out(trials.office(case), row.phrase) == row.cells
