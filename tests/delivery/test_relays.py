"""Which of several relays is used, by a clock that the test sets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from digest.delivery.relays import Relays
from digest.delivery.smtp import Relay
from digest.errors import DigestError, RelayRefused, RelayUnreachable

FIRST = Relay(host="one.example", port=587, username="digest", password="hunter2")
SECOND = Relay(host="two.example", port=587, username="digest", password="hunter2")
THIRD = Relay(host="three.example", port=25)
REFUSED = RelayRefused("one.example:587 refuses us (login): 535 5.7.8 no")
GONE = RelayUnreachable("two.example:587 cannot be reached (connect): timed out")


@dataclass
class Watch:
    """A clock that stands."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        """As time.monotonic() would answer."""
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    """It stands at a thousand seconds."""
    return Watch()


@pytest.fixture
def relays(watch: Watch) -> Relays:
    """Three, tried again after a minute."""
    return Relays((FIRST, SECOND, THIRD), again_after=60, clock=watch)


def test_the_preferred_one_is_used(relays: Relays) -> None:
    """For as long as it works."""
    relays.worked(FIRST)
    assert [relays.pick(), relays.pick()] == [FIRST, FIRST]


def test_one_that_failed_gives_way_for_a_while(relays: Relays, watch: Watch) -> None:
    """Then it is tried again."""
    relays.failed(FIRST, REFUSED)
    assert relays.pick() == SECOND
    watch.seconds += 59.9
    assert relays.pick() == SECOND
    watch.seconds += 0.1
    assert relays.pick() == FIRST


def test_one_caller_tries_it_and_the_others_go_on(relays: Relays, watch: Watch) -> None:
    """Until it is known how that went."""
    relays.failed(FIRST, REFUSED)
    watch.seconds += 60
    assert [relays.pick(), relays.pick(), relays.pick()] == [FIRST, SECOND, SECOND]
    relays.worked(FIRST)
    assert relays.pick() == FIRST


def test_a_try_in_vain_starts_the_wait_anew(relays: Relays, watch: Watch) -> None:
    """From the moment that it failed."""
    relays.failed(FIRST, REFUSED)
    watch.seconds += 60
    assert relays.pick() == FIRST
    watch.seconds += 30
    relays.failed(FIRST, REFUSED)
    watch.seconds += 59
    assert relays.pick() == SECOND
    watch.seconds += 1
    assert relays.pick() == FIRST


def test_a_try_that_nobody_tells_about_is_not_the_last(relays: Relays, watch: Watch) -> None:
    """Its connection may have been given up meanwhile."""
    relays.failed(FIRST, REFUSED)
    watch.seconds += 60
    assert relays.pick() == FIRST
    watch.seconds += 60
    assert relays.pick() == FIRST


def test_the_order_holds_among_those_that_are_left(relays: Relays, watch: Watch) -> None:
    """The second is better than the third, and worse than the first."""
    relays.failed(FIRST, REFUSED)
    watch.seconds += 10
    relays.failed(SECOND, GONE)
    assert relays.pick() == THIRD
    watch.seconds += 50
    assert [relays.pick(), relays.pick()] == [FIRST, THIRD]
    watch.seconds += 10
    assert [relays.pick(), relays.pick()] == [SECOND, THIRD]


def test_when_all_are_down_the_preferred_one_says_why(relays: Relays, watch: Watch) -> None:
    """With its last error, not its first."""
    relays.failed(FIRST, GONE)
    for relay, error in ((THIRD, GONE), (SECOND, GONE), (FIRST, REFUSED)):
        relays.failed(relay, error)
    with pytest.raises(DigestError) as caught:
        relays.pick()
    assert caught.value is REFUSED
    watch.seconds += 60
    assert relays.pick() == FIRST


def test_one_whose_time_has_come_counts_as_one_to_go_to(relays: Relays, watch: Watch) -> None:
    """The others have failed since; asking gives nobody the try."""
    for relay in (FIRST, SECOND, THIRD):
        relays.failed(relay, GONE)
    with pytest.raises(DigestError):
        relays.require_any()
    watch.seconds += 60
    relays.failed(THIRD, GONE)
    relays.require_any()
    assert relays.pick() == FIRST


def test_the_only_one_may_be_tried_by_everybody(watch: Watch) -> None:
    """Whoever comes second has nowhere else to go, and is not sent away while it may work."""
    relays = Relays((FIRST,), again_after=60, clock=watch)
    relays.failed(FIRST, REFUSED)
    with pytest.raises(RelayRefused):
        relays.pick()
    watch.seconds += 60
    assert [relays.pick(), relays.pick()] == [FIRST, FIRST]
    relays.failed(FIRST, REFUSED)
    with pytest.raises(RelayRefused):
        relays.pick()


def test_each_change_is_logged_once(relays: Relays, watch: Watch) -> None:
    """Who failed and why, who is used now; not the second connection's failure, and no password."""
    with capture_logs() as logs:
        relays.failed(FIRST, REFUSED)
        relays.failed(FIRST, REFUSED)
        relays.failed(THIRD, GONE)
        relays.failed(SECOND, GONE)
        watch.seconds += 60
        relays.pick()
        relays.worked(FIRST)
        relays.worked(FIRST)
        relays.worked(SECOND)
    changes = [(one["log_level"], one["action"], one["was"], one["now"]) for one in logs]
    assert changes == [
        ("warning", "relay", "one.example:587", "two.example:587"),
        ("warning", "relay", "two.example:587", "none"),
        ("warning", "relay", "none", "one.example:587"),
    ]
    assert [one.get("reason") for one in logs] == [str(REFUSED), str(GONE), None]
    assert "hunter2" not in str(logs)


def test_there_is_at_least_one() -> None:
    """Nothing can be sent to nobody."""
    with pytest.raises(ValueError, match="at least one"):
        Relays(())
