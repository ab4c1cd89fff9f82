"""Templates: an operator's file replaces ours one by one, and errors name the file and the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.bundled import bundled
from digest.editions.telling import build_story
from digest.errors import RenderError
from digest.rendering.environment import Templates, week
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus

STORY = build_story("2026-W47", [versus(tool("A"), tool("B"))])


def write(folder: Path, name: str, content: str) -> Path:
    """A template in the operator's folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_one_file_may_be_replaced(tmp_path: Path) -> None:
    """The others stay ours."""
    write(tmp_path, "edition/subject.txt", "Ours: {{ story.subject }}\n")
    mail = Renderer(BRANDING, tmp_path).edition(STORY, MARKER)
    assert mail.subject == f"Ours: {STORY.subject}"
    assert mail.html.replace(mail.subject, STORY.subject) == Renderer(BRANDING).edition(STORY, MARKER).html


def test_the_theme_may_be_replaced(tmp_path: Path) -> None:
    """Braces and `{#` in a style sheet are not template code."""
    write(tmp_path, "_base/theme.css", ".h1{color:#123456}#x{#y{}}")
    assert "color:#123456" in Renderer(BRANDING, tmp_path).edition(STORY, MARKER).html


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    """The person who edits the template finds the place."""
    path = write(tmp_path, "edition/body.txt", "fine\n{% if %}\n")
    with pytest.raises(RenderError, match=f"{path}:2: "):
        Renderer(BRANDING, tmp_path).edition(STORY, MARKER)


@pytest.mark.parametrize(
    "mistake", ["{{ nobody }}", "{{ story.nothing }}", "{{ 1 / 0 }}", "{{ story|length }}"]
)
def test_a_mistake_while_filling_names_file_and_line(tmp_path: Path, mistake: str) -> None:
    """A misspelt value is an error, never an empty place in the mail."""
    path = write(tmp_path, "edition/body.txt", f"\n\n{mistake}")
    with pytest.raises(RenderError, match=f"{path}:3: "):
        Renderer(BRANDING, tmp_path).edition(STORY, MARKER)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    """And the folders that were searched."""
    write(tmp_path, "edition/body.txt", '{% include "absent.txt" %}')
    with pytest.raises(RenderError, match=r"'absent\.txt' in .*email"):
        Renderer(BRANDING, tmp_path).edition(STORY, MARKER)


def test_broken_mjml_is_refused(tmp_path: Path) -> None:
    """An unclosed tag ends in an error that names the template and the line."""
    write(tmp_path, "goodbye/body.mjml", '<mjml lang="en">\n<mj-body>\n<mj-raw><p></mj-raw></mj-body></mjml>')
    with pytest.raises(RenderError, match=r"goodbye/body\.mjml:3: <p> is not closed"):
        Renderer(BRANDING, tmp_path).notice("goodbye", {}, MARKER)


def test_bundled_templates_are_complete() -> None:
    """Every mail has its three files."""
    folders = [path for path in bundled("email").iterdir() if path.is_dir() and path.name != "_base"]
    assert len(folders) == 8
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == {"subject.txt", "body.mjml", "body.txt"}


def test_missing_theme_is_named() -> None:
    """Reading a plain file fails as clearly as filling a template."""
    with pytest.raises(RenderError, match=r"absent\.css"):
        Templates().source("absent.css")


@pytest.mark.parametrize(
    ("key", "words"), [("2026-W47", "2026, week 47"), ("2027-W01", "2027, week 1"), ("special", "special")]
)
def test_a_key_reads_as_a_week(key: str, words: str) -> None:
    """Readers count weeks, not keys."""
    assert week(key) == words
