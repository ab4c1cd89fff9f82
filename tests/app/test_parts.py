"""The parts that the settings make."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.app.parts import App
from digest.clock import SystemClock
from digest.config import load_settings
from digest.db import Database
from digest.errors import ConfigError


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
