"""The parts that the settings make."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.app.delivering import make_messages, require_sendable
from digest.app.parts import App
from digest.clock import SystemClock
from digest.config import load_settings
from digest.db import Database
from digest.errors import ConfigError
from digest.rendering.theme import Wording

KEYS = f'[keys]\nsuppression = "{"cd" * 32}"\n[keys.signing]\n1 = "{"ab" * 32}"\n'


def app(folder: Path, text: str) -> App:
    """The parts of an installation with these settings."""
    file = folder / "digest.toml"
    file.write_text(text)
    settings = load_settings(file, {})
    return App(settings, SystemClock(), Database(settings.database.url))


def test_the_relays_come_in_the_order_of_preference(tmp_path: Path) -> None:
    """The one of [smtp] first; each with what it needs to get in."""
    (tmp_path / "two.txt").write_text("hunter2\n")
    made = app(
        tmp_path,
        '[smtp]\nhost = "one.example"\n'
        '[[smtp.fallback]]\nhost = "two.example"\nusername = "digest"\npassword_file = "two.txt"\n'
        '[[smtp.fallback]]\nhost = "localhost"\nport = 25\nsecurity = "none"\n',
    )
    assert made.relays[0] == made.relay
    assert [str(relay) for relay in made.relays] == ["one.example:587", "two.example:587", "localhost:25"]
    second = made.relays[1]
    assert (second.username, second.password, second.security) == ("digest", "hunter2", "starttls")
    assert made.relays[2].security == "none"


def test_without_a_fallback_there_is_one(tmp_path: Path) -> None:
    """As it always was."""
    made = app(tmp_path, '[smtp]\nhost = "one.example"\n')
    assert made.relays == (made.relay,)


def test_a_relay_whose_password_cannot_be_read_is_named(tmp_path: Path) -> None:
    """When the relays are needed; the first alone does not need it."""
    made = app(tmp_path, '[[smtp.fallback]]\nhost = "two.example"\npassword_file = "gone"\n')
    assert str(made.relay) == "localhost:587"
    with pytest.raises(ConfigError, match=r"smtp\.fallback\.0\.password_file: .*gone"):
        _ = made.relays


def test_a_catalog_of_the_operators_is_for_notices_too(tmp_path: Path) -> None:
    """The same file that the pages are translated by."""
    _catalog(tmp_path, 'msgid "Is this you?"\nmsgstr "Bent u dat?"\n')
    made = app(tmp_path, f'[newsletter]\npages = "own"\n{KEYS}')
    require_sendable(made)
    assert list(made.languages) == ["en", "de", "nl"]
    assert "Bent u dat?" in make_messages(made).renderer.notice("confirm", {}, "m0123456789", "nl").text


@pytest.mark.parametrize("said", ["Van %(nmae)s", "100%", "{name} %s", "%(name)d"])
def test_a_broken_catalog_is_found_before_anything_is_sent(tmp_path: Path, said: str) -> None:
    """Its file and line are named, and nobody gets half a sentence."""
    _catalog(tmp_path, f'msgid "Welcome to %(name)s"\nmsgstr "{said}"\n')
    made = app(tmp_path, f'[newsletter]\npages = "own"\n{KEYS}')
    with pytest.raises(ConfigError, match=r"nl\.po:5: .*expected"):
        require_sendable(made)


@pytest.mark.parametrize("said", ["Omdat u {naam} las.", "Omdat u {name} %(site)s las."])
def test_so_is_a_reason_with_a_name_nobody_knows(tmp_path: Path, said: str) -> None:
    """Braces of `wording.why` are filled in as well, and only they."""
    _catalog(tmp_path, f'msgid "{Wording().why}"\nmsgstr "{said}"\n')
    with pytest.raises(ConfigError, match=r"nl\.po:5: .*expected"):
        _ = app(tmp_path, '[newsletter]\npages = "own"\n').renderer


def _catalog(folder: Path, entry: str) -> None:
    (folder / "own" / "languages").mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / "own" / "languages" / "nl.po").write_text(head + entry, "utf-8")
