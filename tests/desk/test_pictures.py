"""One email by day and by night."""

from __future__ import annotations

import pytest

from digest.desk.pictures import by_day, by_night

PAGE = (
    '<head><meta name="color-scheme" content="light dark"><style>'
    ":root { color-scheme: light dark; }"
    "@media (prefers-color-scheme: dark) { .a { color: #ffffff } }"
    "@media screen and ( prefers-color-scheme:light ) { .a { color: #000000 } }"
    "</style></head><p>(prefers-color-scheme: dark) @media is only text</p>"
)


@pytest.mark.parametrize(("picture", "scheme"), [(by_day, "light"), (by_night, "dark")])
def test_the_scheme_is_decided(picture: object, scheme: str) -> None:
    """No question about the scheme is left, so the editor's own dark mode does not show through."""
    assert callable(picture)
    page = picture(PAGE)
    assert f'content="{scheme}"' in page
    assert f"color-scheme: {scheme};" in page
    night, day = ("min-width", "max-width") if scheme == "dark" else ("max-width", "min-width")
    assert f"@media ({night}: 0) {{ .a {{ color: #ffffff" in page
    assert f"@media screen and ({day}: 0) {{ .a {{ color: #000000" in page


def test_words_stay_words() -> None:
    """Only style sheets are rewritten, and links open elsewhere."""
    page = by_day(PAGE)
    assert "<p>(prefers-color-scheme: dark) @media is only text</p>" in page
    assert page.startswith('<head><base target="_blank">')
