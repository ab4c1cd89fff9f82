"""The stand-ins of readers' own links: written, cut out and filled in by one grammar."""

from __future__ import annotations

import pytest

from digest.rendering.rendered import cut_at_links, reader_link, with_links
from tests.support.stories import MARKER

LEAVE, CHOOSE = reader_link(MARKER, "unsubscribe"), reader_link(MARKER, "preferences-of-mine")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("", []),
        ("no link", []),
        (LEAVE, ["unsubscribe"]),
        (f"<a href='{LEAVE}'>x</a>{CHOOSE}\n{LEAVE}.", ["unsubscribe", "preferences-of-mine", "unsubscribe"]),
        (LEAVE.replace("https", "http"), []),
        (LEAVE.replace(MARKER, MARKER.upper()), []),
        (LEAVE.replace(MARKER, "m" + "0" * 24), []),
        (LEAVE.replace(".invalid", "-invalid"), []),
        (reader_link(MARKER, "-x"), []),
        (reader_link(MARKER, ""), []),
    ],
)
def test_what_is_cut_can_be_joined_again(source: str, names: list[str]) -> None:
    """Names in their order, and nothing of what stands around them lost."""
    around, found = cut_at_links(source, MARKER)
    assert found == names
    links = [*(reader_link(MARKER, name) for name in found), ""]
    assert "".join(piece + link for piece, link in zip(around, links, strict=True)) == source


def test_a_name_ends_where_its_letters_end() -> None:
    """A short name that begins a longer one is another link; what is put in is not read again."""
    assert with_links(f"{LEAVE} {CHOOSE}!", MARKER, lambda name: f"<{name}>{LEAVE}\\1") == (
        f"<unsubscribe>{LEAVE}\\1 <preferences-of-mine>{LEAVE}\\1!"
    )
