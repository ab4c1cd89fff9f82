"""Positions: every tag of a filled template knows the file and the line that it came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from digest.editions.telling import build_story
from digest.errors import RenderError
from digest.rendering import compiling
from digest.rendering.environment import Templates
from digest.rendering.notices import NOTICES
from digest.rendering.positions import Filled, MarkLines
from digest.rendering.renderer import Renderer
from tests.support.stories import BRANDING, MARKER, tool, versus

TAG = re.compile(r"</?[A-Za-z][\w-]*")
NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")


def filled(folder: Path, values: dict[str, object] | None = None, **files: str) -> Filled:
    """The template `main` filled, beside others; `__` in a name is a dot."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return Templates(folder).filled("main.mjml", values or {})


def places(source: Filled) -> list[tuple[str, str, int]]:
    """Every tag with the name of its file and the line."""
    found = [(tag[0], *source.place(tag.start())) for tag in TAG.finditer(source.text)]
    return [(tag, Path(file).name, line) for tag, file, line in found]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Filled]:
    """What the compiler has been given so far."""
    sources: list[Filled] = []

    def compile_mjml(source: Filled) -> str:
        sources.append(source)
        return compiling.compile_mjml(source)

    monkeypatch.setattr("digest.rendering.mails.compile_mjml", compile_mjml)
    return sources


def render_all() -> None:
    """An edition with everything in it, and each notice."""
    odd = tool("B", 67, description="One. Two.", community=40)
    pairs = [versus(tool("A"), odd), versus(odd, tool("C", None)), versus(tool("D"), tool("E", 0))]
    renderer = Renderer(BRANDING)
    renderer.edition(build_story("2026-W47", pairs, intro="Hello, *you*."), MARKER)
    for name in NOTICES:
        renderer.notice(name, {}, MARKER)


def test_every_tag_of_ours_stands_in_the_line_that_is_named(compiled: list[Filled]) -> None:
    """Through layout, blocks and macros; only the intro's tags come from no template."""
    render_all()
    strangers = set()
    for source in compiled:
        for tag in TAG.finditer(source.text):
            file, line = source.place(tag.start())
            if tag[0] not in Path(file).read_text(encoding="utf-8").split("\n")[line - 1]:
                strangers.add(tag[0])
    assert sum(len(source.offsets) for source in compiled) > 200
    assert strangers == {"<p", "</p", "<em", "</em"}


def test_marks_change_nothing_else(compiled: list[Filled], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is filled with them and what is filled without them are the same."""
    render_all()
    marked = compiled.copy()
    compiled.clear()
    monkeypatch.setattr(MarkLines, "filter_stream", lambda _, stream: stream)
    render_all()
    assert all(source.offsets for source in marked)
    assert not any(source.offsets for source in compiled)
    assert [source.text for source in compiled] == [source.text for source in marked]


def test_includes_macros_and_blocks_name_their_own_files(tmp_path: Path) -> None:
    """And the line goes on in the outer file afterwards."""
    source = filled(
        tmp_path,
        main__mjml='{% extends "base.mjml" %}\n{% import "macros.mjml" as the %}\n{% block body %}\n'
        '<i>\n{{ the.bold("x") }}</i>{% include "part.mjml" %}\n<u></u>\n{% endblock %}\n',
        base__mjml="<mjml>\n\n{% block body %}{% endblock %}\n</mjml>",
        macros__mjml="{# what\nis bold #}\n{% macro bold(text) %}\n<b>{{ text }}</b>\n{% endmacro %}",
        part__mjml="\n<hr>",
    )
    assert places(source) == [
        ("<mjml", "base.mjml", 1),
        ("<i", "main.mjml", 4),
        ("<b", "macros.mjml", 4),
        ("</b", "macros.mjml", 4),
        ("</i", "main.mjml", 5),
        ("<hr", "part.mjml", 2),
        ("<u", "main.mjml", 6),
        ("</u", "main.mjml", 6),
        ("</mjml", "base.mjml", 4),
    ]


@pytest.mark.parametrize(
    "template",
    [
        "{% if true %}\n<b>\n{% endif %}\n</b>",
        "{%- if true -%}\n\n<b>\n\n{%- endif -%}\n</b>",
        "{# one\ntwo #}\n<b>{% raw %}\n<i>{{\n{% endraw %}\n</b>",
        "  {% set x = 1 %}  \n  <b>\r\n\r\n</b>",
        '<a\n {% if true %}\n  href="x"\n {% endif %}\n title="y">\n</a>',
        "{% for _ in (1, 2) %}\n<b>{{ '\\n\\n' }}</b>\n\n{% endfor %}\n<i>",
    ],
)
def test_lines_are_right_however_jinja_strips(tmp_path: Path, template: str) -> None:
    """Blocks, comments and dashes take line breaks away; the template's lines are still counted."""
    lines = re.split("\r?\n", template)
    for tag, _, line in places(filled(tmp_path, main__mjml=template)):
        assert tag in lines[line - 1]


def test_an_attribute_in_a_line_of_its_own_has_that_line(tmp_path: Path) -> None:
    """Even behind lines that Jinja takes away."""
    source = filled(
        tmp_path, main__mjml='<a\n {% if true %}\n href="x"\n {% endif %}\n title="y">\n</a><b\n id="z">'
    )
    assert source.place(source.text.index("title"))[1] == 5
    assert source.place(source.text.index("id="))[1] == 7


def test_a_tag_from_a_value_has_the_line_that_printed_it(tmp_path: Path) -> None:
    """The reader of the error finds the place where it came in."""
    source = filled(tmp_path, {"value": "<p>a\n\n<p>b"}, main__mjml="<i>\n</i>\n<u>{{ value|safe }}</u>")
    assert [line for tag, _, line in places(source) if tag == "<p"] == [3, 3]


def test_values_cannot_forge_a_position(tmp_path: Path) -> None:
    """Somebody who knows how marks look still lacks the key; what looks like one is taken out."""
    forged = "\ufde0" + "\ufdd1" * 12 + "\ufdd0\ufde1\ufdd9\ufde2"
    short = "\ufde0\ufdd0\ufde1\ufdd9\ufde2"
    hostile = f"{forged}<b>{short}<b>{short[2:]}"
    source = filled(tmp_path, {"value": hostile}, main__mjml="<i>\n{{ value|safe }}<u>\n{{ value|safe }}</u>")
    assert not NONCHARACTERS.search(source.text)
    assert [(tag, line) for tag, _, line in places(source)] == [
        *(("<i", 1), ("<b", 1), ("<b", 1), ("<u", 2)),
        *(("<b", 2), ("<b", 2), ("</u", 3)),
    ]


def test_each_set_of_templates_has_its_own_key(tmp_path: Path) -> None:
    """Nobody learns it from another."""
    marks = {filled(tmp_path, main__mjml="<b>").found for _ in range(2)}
    assert len(marks) == 2


@pytest.mark.parametrize(
    "template",
    [
        "{% set x %}<b>bold</b>{% endset %}{{ x|striptags }}",
        "{% set x %}<b>bold</b>{% endset %}{{ x|short(9) }}",
        "{% set x %}<b>bold</b>{% endset %}{{ x|truncate(9, true) }}",
        "{% set x %}<b>bold</b>{% endset %}{{ x|list|reverse|join }}",
    ],
)
def test_no_filter_leaves_a_mark_in_the_mail(tmp_path: Path, template: str) -> None:
    """Not even half a one."""
    assert not NONCHARACTERS.search(filled(tmp_path, main__mjml=template).text)


def test_text_that_templates_compare_is_left_alone(tmp_path: Path) -> None:
    """A variable that is set in a block equals the word in it."""
    source = filled(tmp_path, main__mjml='{% set x %}big{% endset %}{% if x == "big" %}<b>{% endif %}')
    assert source.text == "<b>"


def test_a_text_part_may_use_the_macros_of_the_html(tmp_path: Path) -> None:
    """It gets no marks either."""
    (tmp_path / "macros.mjml").write_text("{% macro line() %}<hr>{% endmacro %}", encoding="utf-8")
    (tmp_path / "main.txt").write_text('{% import "macros.mjml" as the %}{{ the.line() }}', encoding="utf-8")
    assert Templates(tmp_path).fill("main.txt", {}) == "<hr>"


@pytest.mark.parametrize(
    ("template", "line", "message"),
    [
        ("<b>\n{% if %}", 2, "Expected an expression, got 'end of statement block'"),
        ("<b>\n\n{{ nobody }}", 3, "'nobody' is undefined"),
        ("<b>{% if true %}\n{{ 1 / 0 }}{% endif %}", 2, "ZeroDivisionError"),
        ('<b>\n{% include "absent.mjml" %}', 2, "no template 'absent.mjml' in "),
        ("<b>\n{{ 1|nothing }}", 2, "No filter named 'nothing'"),
    ],
)
def test_jinjas_errors_have_a_place(tmp_path: Path, template: str, line: int, message: str) -> None:
    """An editor's page can show the line with its surroundings."""
    with pytest.raises(RenderError) as caught:
        filled(tmp_path, main__mjml=template)
    [place] = caught.value.places
    assert (place.file, place.line) == (str(tmp_path / "main.mjml"), line)
    assert message in place.message
    assert str(caught.value) == f"{place.file}:{line}: {place.message}"


def test_a_template_that_is_not_there_has_no_place() -> None:
    """The message alone says what is missing."""
    with pytest.raises(RenderError, match=r"absent\.mjml: no template") as caught:
        Templates().filled("absent.mjml", {})
    assert caught.value.places == ()
