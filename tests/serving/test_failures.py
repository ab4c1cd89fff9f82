"""What is said of a failure."""

from __future__ import annotations

import pytest

from digest.serving.failures import bare_html, log_failure


def test_the_log_holds_kind_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    """And no word of the message, in which an address may stand."""
    try:
        int("ann@example.org")
    except ValueError as error:
        log_failure(error, "a page could not be answered", "web.failed")
    logged = "".join(capsys.readouterr())
    assert "ValueError" in logged
    assert "test_the_log_holds_kind_and_place" in logged
    assert "web.failed" in logged
    assert "ann@example.org" not in logged


def test_a_bare_page_leads_on_where_told() -> None:
    """Else it stays."""
    assert "http-equiv" not in bare_html("Sorry", "Try again.")
    assert '<meta http-equiv="refresh" content="0; url=/?key=1">' in bare_html("Hello", "Go on.", "/?key=1")
