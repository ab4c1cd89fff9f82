"""The log must not stop what it tells of."""

from __future__ import annotations

import io
import sys

import pytest
import structlog

from digest.logs import configure_logs, get_logger


class Broken(io.StringIO):
    """A pipe that nobody reads any more, or a disk that is full."""

    def write(self, text: str) -> int:
        """Fail."""
        raise BrokenPipeError(32, "Broken pipe")


def test_a_log_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said later, to somebody who listens, is heard."""
    before = structlog.get_config()
    try:
        configure_logs()
        monkeypatch.setattr(sys, "stderr", Broken())
        get_logger().warning("lost", action="x")
        heard = io.StringIO()
        monkeypatch.setattr(sys, "stderr", heard)
        get_logger().warning("heard", action="x")
    finally:
        structlog.configure(**before)
    assert '"event": "heard"' in heard.getvalue()
    assert "lost" not in heard.getvalue()
