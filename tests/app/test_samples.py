"""An edition with sample links, as an editor reads it."""

from __future__ import annotations

from pathlib import Path

from digest.app.samples import SAMPLE, as_read
from digest.rendering.rendered import Rendered, reader_link
from tests.support.newsrooms import SLOT, newsroom
from tests.support.stories import MARKER


def test_samples_stand_where_links_will(tmp_path: Path) -> None:
    """Escaped in HTML only; what is no link of a reader's stays as it is, for the checks to find."""
    web: dict[str, object] = {"base_url": "https://digest.example.org/a&b"}
    known, unknown = reader_link(MARKER, "preferences"), reader_link(MARKER, "preferences-of-mine")
    mail = Rendered("A vs B", f'<a href="{known}">x</a> {unknown}', f"{known} & {unknown}", MARKER)
    with newsroom(f"sqlite:///{tmp_path / 'digest.db'}", SLOT, web=web) as room:
        read = as_read(room.app, mail)
    own = f"https://digest.example.org/a&b/preferences/{SAMPLE}"
    assert read.html == f'<a href="{own.replace("&", "&amp;")}">x</a> {unknown}'
    assert read.text == f"{own} & {unknown}"
