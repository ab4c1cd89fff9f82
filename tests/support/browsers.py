"""A real browser for tests: the system's Chromium, driven by playwright, and axe-core for its pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# WCAG 2.2 AA and what axe-core's authors recommend besides.
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PATIENCE: Final = 30_000  # milliseconds for what a page is expected to show


class BrowserMissing(Exception):
    """There is no Chromium on this machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window, for the block; raises BrowserMissing."""
    from playwright.sync_api import expect, sync_playwright  # tests that open no browser do not wait for it

    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        raise BrowserMissing("no Chromium is installed (apt-get install chromium)")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        # Without its own sandbox, since tests in containers run as root.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the tests of one file; skips where there is none.

    Not for longer: while playwright is there, its event loop runs, and no other can (`asyncio.run`).
    """
    try:
        with chromium() as program:
            yield program
    except BrowserMissing as absent:
        pytest.skip(str(absent))


def violations(page: Page, *, without: Iterable[str] = ()) -> list[str]:
    """What axe-core finds wrong with a page, `without` some rules: rule, what it asks for, the elements."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {
        "runOnly": {"type": "tag", "values": list(RULES)},
        "resultTypes": ["violations"],
        "rules": {rule: {"enabled": False} for rule in without},
    }
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']]}" for one in found]
