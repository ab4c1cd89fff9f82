"""The lines around a fault, and nothing of any other file."""

from __future__ import annotations

from pathlib import Path

from digest.desk.excerpts import spots
from digest.errors import Place, RenderError


def test_the_lines_around_are_shown(tmp_path: Path) -> None:
    """Three before and three after, as far as there are any."""
    (tmp_path / "body.mjml").write_text("a\nb\n<b>\nd\n", "utf-8")
    (spot,) = spots(RenderError(places=(Place(str(tmp_path / "body.mjml"), 3, "no"),)), [tmp_path])
    assert (spot.file, [line.text for line in spot.source]) == ("body.mjml", ["a", "b", "<b>", "d"])
    assert [line.number for line in spot.source if line.here] == [3]


def test_an_error_without_places_shows_no_source(tmp_path: Path) -> None:
    """Its message is all there is."""
    assert spots(RenderError("something else"), [tmp_path]) == []


def test_no_other_file_is_read(tmp_path: Path) -> None:
    """A template that includes a file from elsewhere does not show it."""
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "digest.toml").write_text("password", "utf-8")
    for name in ("../digest.toml", str(tmp_path / "digest.toml"), "missing.txt"):
        (spot,) = spots(RenderError(places=(Place(name, 1, "no"),)), [folder])
        assert spot.source == ()


def test_a_line_beyond_the_end_is_no_failure(tmp_path: Path) -> None:
    """The file may have changed since."""
    (tmp_path / "body.mjml").write_text("a\n", "utf-8")
    (spot,) = spots(RenderError(places=(Place("body.mjml", 99, "no"),)), [tmp_path])
    assert spot.source == ()
