"""A page on disk that leads to the desk, for its person alone.

The desk's address holds a secret, and everybody on a machine may read a browser's command line (`ps`).
"""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from digest.serving.failures import bare_html


@contextmanager
def doorway() -> Iterator[Callable[[str], str]]:
    """For the block: makes a page that leads to an address, and tells the page's own `file:` address."""
    with tempfile.TemporaryDirectory(prefix="digest-", ignore_cleanup_errors=True) as folder:

        def lead_to(address: str) -> str:
            page = Path(folder, "desk.html")
            # Nobody else's from its first moment on, whatever the umask and the folder's mode.
            with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                goal = html.escape(address)
                file.write(bare_html("To the desk", f'<a href="{goal}">Go on to it</a>', goal))
            return page.as_uri()

        yield lead_to
