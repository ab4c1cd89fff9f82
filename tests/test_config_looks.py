"""The settings of how mails look: what they accept, what they refuse, and where they arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.app.parts import theme_of
from digest.config import Settings, load_settings
from digest.errors import ConfigError
from digest.rendering.theme import LIGHT, Logo


def load(tmp_path: Path, text: str, **environ: str) -> Settings:
    """Settings from a file with this text under these variables."""
    file = tmp_path / "digest.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[theme]\nink = "black"',
            'digest.toml:2: theme.ink: expected a colour of six digits such as "#147a4b"',
        ),
        ('[theme]\nink = "#123;}"', "theme.ink: expected a colour of six digits"),
        ('[theme_dark]\npaper = "#fff"', "digest.toml:2: theme_dark.paper: expected a colour"),
        ('[theme]\ntext = "a;}</style>"', "theme.text: expected typefaces"),
        ('[theme]\nheadings = "\'Georgia,serif"', "theme.headings: expected typefaces"),
        ('[theme]\nlogo = "http://example.org/l.png"', "theme.logo: expected a picture's https address"),
        ('[theme]\nlogo = "https://example.org/\\"><script>"', "theme.logo: expected an address without"),
        ('[theme]\nlogo = "https://example.org/l.png"', "theme: a logo needs logo_width and logo_height"),
        ("[theme]\nlogo_width = 4000", "digest.toml:2: theme.logo_width: "),
        ('[wording]\nboard = ""', "digest.toml:2: wording.board: expected words that can be seen"),
        ('[wording]\nunsubscribe = " \\u200b "', "wording.unsubscribe: expected words that can be seen"),
        ('[wording]\nread = "\\u3164\\u3164"', "wording.read: expected words that can be seen"),
        ('[wording]\nwhy = "a\\nb"', "wording.why: expected one line"),
        ('[wording]\nbord = "x"', "wording.bord: there is no such setting"),
    ],
)
def test_looks_that_make_no_sense(tmp_path: Path, text: str, expected: str) -> None:
    """Nothing gets into a style sheet or an attribute that could end it."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert expected in str(caught.value)


def test_looks_reach_the_mails(tmp_path: Path) -> None:
    """Over the usual ones, key by key, from the file and from the environment."""
    text = '[theme]\nink = "#112233"\nlogo = "https://example.org/l.png"\nlogo_width = 90\nlogo_height = 30\n'
    theme = theme_of(load(tmp_path, text, DIGEST_WORDING__BOARD="Tabelle", DIGEST_THEME_DARK__SHIP="#AABBCC"))
    assert (theme.light.ink, theme.light.paper, theme.dark.ship) == ("#112233", LIGHT.paper, "#aabbcc")
    assert theme.logo == Logo("https://example.org/l.png", 90, 30)
    assert (theme.wording.board, theme.wording.ship) == ("Tabelle", "Ship it")
