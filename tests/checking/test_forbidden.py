"""Scripts, forms, frames, outside fonts and style sheets."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.forbidden import check_forbidden
from digest.checking.page import read_page
from tests.checking.samples import levels, page, told


def test_a_plain_mail_passes() -> None:
    """Style sheets of its own and links are what mails are made of."""
    html = page(style="p { color: #222222 } @media (max-width: 480px) { p { margin: 0 } }")
    assert levels(check_forbidden(read_page(html))) == {Level.OK}


@pytest.mark.parametrize(
    ("html", "why"),
    [
        (page("<script>alert(1)</script>"), "<script>"),
        (page("<form action='https://a.org'><input></form>"), "the HTML has forms"),
        (page("<iframe src='https://a.org'></iframe>"), "<iframe>"),
        (page("<object></object>"), "<object>"),
        (page("<video></video>"), "sound or video"),
        (page("<p onclick='x()'>"), "<p onclick=…>"),
        (page("<a href=' java\tscript:x()'>"), "<a href=…>"),
        (page(head="<link rel='stylesheet' href='https://a.org/a.css'>"), "https://a.org/a.css"),
        (page(head="<meta http-equiv='Refresh' content='0'>"), "elsewhere"),
        (page(head="<base href='https://a.org/'>"), "<base>"),
        (page(style="@import url(https://a.org/a.css);"), "@import url(https://a.org/a.css)"),
        (page(style="@media screen { @font-face { font-family: A; src: url(a.woff) } }"), "@font-face"),
    ],
)
def test_what_no_program_runs_or_loads_is_an_error(html: str, why: str) -> None:
    """Each with where it stands."""
    assert why in told(check_forbidden(read_page(html)), Level.ERROR)


@pytest.mark.parametrize(
    "value", ["url(https://a.org/a.png)", "#fff url('a.png') no-repeat", "image-set(url(a.png) 1x)"]
)
def test_images_in_style_sheets_are_warned_of(value: str) -> None:
    """Inline or not."""
    for html in (page(f'<p style="background: {value}">'), page(style=f"p {{ background: {value} }}")):
        assert "background: " in told(check_forbidden(read_page(html)), Level.WARNING)
