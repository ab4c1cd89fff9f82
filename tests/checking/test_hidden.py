"""Hidden text beyond the preheader."""

from __future__ import annotations

import pytest

from digest.checking.cascade import Styles
from digest.checking.findings import Level
from digest.checking.hidden import check_hidden_text
from digest.checking.looks import PROPERTIES
from digest.checking.page import read_page
from tests.checking.samples import BODY, PREHEADER, good, told


def found(body: str, style: str = "", preheader: str = PREHEADER) -> str:
    """What is warned of."""
    from tests.checking.samples import page as whole

    mail = good(html=whole(body, style=style, preheader=preheader))
    page = read_page(mail.html)
    return told(check_hidden_text(mail, page, Styles(page, PROPERTIES)), Level.WARNING)


def test_the_preheader_may_be_hidden_and_padded() -> None:
    """That is what it is for."""
    assert not found(BODY)
    assert not found(BODY, preheader=PREHEADER + "&nbsp;&zwnj;" * 40)


def test_nothing_hidden_is_well_too() -> None:
    """A mail needs no hidden preheader."""
    assert not found(f"<p>{PREHEADER}</p>{BODY}", preheader="")


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "display: block; display: none !important",
        "visibility:hidden",
        "opacity:0",
        "font-size:0",
        "font:0px/1 Arial",
        "max-height:0;overflow:hidden",
        "height:0px;overflow:hidden",
        "text-indent:-9999px",
        "mso-hide:all",
    ],
)
def test_hidden_words_are_warned_of(style: str) -> None:
    """With what hides them, inline or by a style sheet, also deep inside."""
    assert "“secret words”" in found(f'<div style="{style}"><b>secret words</b></div>{BODY}')
    assert "“secret words”" in found(f'<div class="x"><b>secret words</b></div>{BODY}', f".x {{ {style} }}")


@pytest.mark.parametrize(
    "body",
    [
        '<div style="font-size:0"><p style="font-size:14px">seen</p></div>',
        '<div style="display:none"> &nbsp; </div>',
        '<div style="display:none;display:block">seen</div>',
        '<div style="max-height:0">seen</div>',
        "<div hidden></div>",
    ],
)
def test_what_is_seen_or_empty_is_not(body: str) -> None:
    """Layout tricks without words hide nothing."""
    assert not found(body + BODY)
