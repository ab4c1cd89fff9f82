"""Images: alternative text, size, address."""

from __future__ import annotations

import pytest

from digest.checking.findings import Level
from digest.checking.images import check_images
from digest.checking.page import read_page
from tests.checking.samples import levels, page, told


def test_sound_images_pass_and_so_does_a_mail_without_any() -> None:
    """An empty alt says that an image only decorates."""
    image = '<img src="https://a.org/a.png" alt="" width="20" height="20">'
    assert levels(check_images(read_page(page(image)))) == {Level.OK}
    assert levels(check_images(read_page(page()))) == {Level.OK}


@pytest.mark.parametrize(
    ("attributes", "level", "why"),
    [
        ('src="https://a.org/a.png" width="1" height="1"', Level.ERROR, "without alt"),
        ('src="https://a.org/a.png" width="1" alt=""', Level.WARNING, "without width and height"),
        ('src="a.png" alt="" width="1" height="1"', Level.ERROR, "a.png is not absolute"),
        ('alt="" width="1" height="1"', Level.ERROR, "without src"),
        ('src="http://a.org/a.png" alt="" width="1" height="1"', Level.ERROR, "is http"),
        ('src="http://localhost/a.png" alt="" width="1" height="1"', Level.WARNING, "without https"),
        ('src="data:image/png;base64,AA==" alt="" width="1" height="1"', Level.WARNING, "inside the HTML"),
        ('src="cid:logo" alt="" width="1" height="1"', Level.ERROR, "attached"),
    ],
)
def test_faults_are_named(attributes: str, level: Level, why: str) -> None:
    """Each at its level."""
    assert why in told(check_images(read_page(page(f"<img {attributes}>"))), level)
