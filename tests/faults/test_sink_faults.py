"""The same page against a server that is not ours: Postfix's smtp-sink and the faults it knows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.fault_page import Row, rows
from tests.faults.sink_faults import SINK, SINKS, Sink
from tests.faults.trials import Address, Trials, told
from tests.support.sinks import SinkMissing, smtp_sink


def scenarios() -> Iterator[object]:
    """Every call of smtp-sink that the page names."""
    for row in rows():
        for sink in SINKS.get(row.fault, []) if row.heading == SINK else []:
            yield pytest.param(row, sink, id=" ".join(sink.options) or "nothing")


def test_each_row_has_a_sink_and_each_sink_a_row() -> None:
    """Neither is forgotten."""
    assert [row.fault for row in rows() if row.heading == SINK] == list(SINKS)


@pytest.mark.parametrize(("row", "sink"), list(scenarios()))
def test_the_ledger_is_what_the_page_says(trials: Trials, row: Row, sink: Sink) -> None:
    """After a run with the sink, and in the end with a relay that is well."""
    office = trials.office(sink.case)
    try:
        with smtp_sink(*sink.options) as port:
            look = office.meet(Address(port))
    except SinkMissing as absent:
        pytest.skip(str(absent))
    taken = [email for email, state in look.states.items() if state == "sent"]
    assert told(office, look, taken, row.phrase) == row.cells
