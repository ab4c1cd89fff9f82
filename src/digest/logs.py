"""Logging: readable lines at a terminal, JSON elsewhere, and never a whole address."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


def configure_logs(verbose: bool = False) -> None:
    """Send log lines to standard error: for people at a terminal, as JSON otherwise."""
    level = logging.DEBUG if verbose else logging.INFO
    # structlog's tail differs by audience; the rest is shared.
    tail: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            tail,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(cast("TextIO", _Heedless())),
        cache_logger_on_first_use=False,
    )


class _Heedless:
    """The standard error of its moment; that nobody can read it any more must not stop a mailing."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The logger every stage uses: a sentence for people, `action=` and ids for machines."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger())


def short_address(address: str) -> str:
    """An address as logs may hold it: `a…@example.org`."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
