"""The lint: every fault stops the render and names the template's file and line."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import mjml
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from digest.editions.telling import build_story
from digest.errors import Place, RenderError
from digest.rendering.compiling import compile_mjml
from digest.rendering.linting import lint
from digest.rendering.mjml_rules import REFUSED, WITHOUT_EFFECT, kinds, rules
from digest.rendering.notices import NOTICES
from digest.rendering.positions import Filled
from digest.rendering.renderer import Renderer
from tests.support.mjml_rules import RULES
from tests.support.mjml_rules import rules as rules_file
from tests.support.stories import BRANDING, MARKER, tool, versus

# What is inserted for {} begins in line 3 of the head, 7 of the column, 11 of the body.
DOCUMENT = """\
<mjml lang="en">
<mj-head>
{head}
</mj-head><mj-body>
<mj-section>
<mj-column>
{column}
</mj-column>
</mj-section>

{body}
</mj-body>
</mjml>
"""


def document(column: str = "", *, head: str = "", body: str = "") -> str:
    """A whole document around a few lines of it."""
    return DOCUMENT.format(head=head, column=column, body=body)


def text(html: str) -> str:
    """The same around some HTML, which begins in line 7."""
    return document(f"<mj-text>{html}</mj-text>")


def faults(source: str) -> list[tuple[int, str]]:
    """What the lint finds, as line and message."""
    return [(place.line, place.message) for place in lint(Filled(source, "body.mjml"))]


FAULTS = [
    # Tags
    (document("\n<mj-txt>x</mj-txt>"), 8, "MJML does not know <mj-txt>: did you mean mj-text?"),
    (document("<MJ-TEXT>x</MJ-TEXT>"), 7, "did you mean mj-text?"),
    (document(body="<section></section>"), 11, "<section> is HTML, which stands only in tags such as"),
    (document(body="<section></section>"), 11, "did you mean mj-section?"),
    (document(body="<mj-text>x</mj-text>"), 11, "cannot stand in <mj-body>: it belongs into <mj-column>"),
    (document("<mj-section></mj-section>"), 7, "it belongs into <mj-body> or <mj-wrapper>"),
    (text("a<mj-image src='x' alt='' />"), 7, "<mj-image> cannot stand in <mj-text>"),
    (text("\n<mj-foo>"), 8, "MJML does not know <mj-foo>"),
    (document(head="<mj-all color='red' />"), 3, "it belongs into <mj-attributes>"),
    (document(head="<mj-title>a</mj-title>\n<mj-body></mj-body>"), 4, "it belongs into <mjml>"),
    (document() + "<mj-body></mj-body>", 14, "<mj-body> stands outside <mjml>"),
    (document() + document(), 14, "a second <mjml>"),
    (document().replace("</mjml>", "<mj-body></mj-body></mjml>"), 13, "a second <mj-body>"),
    ("", 1, "there is no <mjml>"),
    ('<mjml lang="en"></mjml>', 1, "there is no <mj-body>"),
    # Attributes
    (document('<mj-text\n  colour="red">x</mj-text>'), 8, "attribute colour: did you mean color?"),
    (document('<mj-text href="x">x</mj-text>'), 7, "<mj-text> does not know the attribute href"),
    (document('<mj-image src="x" alt="" width="200" />'), 7, 'width="200": expected a length in px'),
    (document('<mj-image src="x" alt="" width="50%" />'), 7, "expected a length in px, such as 20px"),
    (document('<mj-image src="x" alt="" height="big" />'), 7, "such as 20px, or auto"),
    (document('<mj-text font-size="abc">x</mj-text>'), 7, 'font-size="abc"'),
    (document('<mj-text padding="1px 2px 3px 4px 5px">x</mj-text>'), 7, "expected 1 to 4 lengths in px or %"),
    (document('<mj-text line-height="x">x</mj-text>'), 7, "or a plain number"),
    (document('<mj-text align="middle">x</mj-text>'), 7, "left, right, center or justify"),
    (document('<mj-text color="redd">x</mj-text>'), 7, "expected a colour such as #1a2b3c"),
    (document('<mj-text color="#12345g">x</mj-text>'), 7, "expected a colour"),
    (document('<mj-table cellpadding="4px"></mj-table>'), 7, "expected a whole number"),
    (document('<mj-image src="x" alt="" fluid-on-mobile="yes" />'), 7, "expected true or false"),
    (document('<mj-text color="#abc">x</mj-text>'), 7, "#abc in color: write #aabbcc"),
    (document('<mj-divider border-color="#Fa0" />'), 7, "#Fa0 in border-color: write #FFaa00"),
    (document(body='<mj-section border="1px solid #fff"></mj-section>'), 11, "write #ffffff"),
    (text('<td bgcolor="#fff"></td>'), 7, "#fff in bgcolor: write #ffffff"),
    (document('<mj-text color="red"\ncolor="red">x</mj-text>'), 8, "<mj-text> has color twice"),
    (text('<a href="x" href="y">z</a>'), 7, "<a> has href twice"),
    (text("<a href=x>z</a>"), 7, "cannot be read at 'href=x'"),
    (text('<a href="x"title="y">z</a>'), 7, "cannot be read at 'title="),
    (text('<a @x="y">z</a>'), 7, "cannot be read"),
    (text("<a title='\"'>z</a>"), 7, 'has a " inside title'),
    (document(head="<mj-attributes>\n<mj-all font-size='x' />\n</mj-attributes>"), 4, 'font-size="x"'),
    (document(head="<mj-attributes>\n<mj-all foo='x' />\n</mj-attributes>"), 4, "attribute foo"),
    (document(head='<mj-attributes><mj-text width="3px" /></mj-attributes>'), 3, "attribute width"),
    (document(head='<mj-attributes><mj-class color="red" /></mj-attributes>'), 3, "<mj-class> needs name"),
    # What readers would miss
    (document('<mj-image src="x" />'), 7, "<mj-image> needs alt"),
    (document('<mj-image alt="x" />'), 7, "<mj-image> needs src"),
    (document('<mj-image src="" alt="" />'), 7, "<mj-image> needs src"),
    (text('\n<img src="x">'), 8, "<img> needs alt"),
    (text('<img alt="x">'), 7, "<img> needs src"),
    (document('<mj-social><mj-social-element src="x" /></mj-social>'), 7, "<mj-social-element> needs alt"),
    (document('<mj-social><mj-social-element alt="" /></mj-social>'), 7, "<mj-social-element> needs src"),
    (document().replace(' lang="en"', ""), 1, "<mjml> needs lang"),
    (document().replace('"en"', '""'), 1, "<mjml> needs lang"),
    # Nesting
    (text("\n<b>\n<i>x</b></i>"), 9, "<i> is not closed before </b>"),
    (text("\n<p>x"), 8, "<p> is not closed before </mj-text>"),
    (text("\nx</p>"), 8, "</p> closes nothing"),
    (text("x</br>"), 7, "</br> closes nothing: write <br> alone"),
    (text("<BR>"), 7, "write <br>"),
    (text("<b>x</b a='b'>"), 7, "</b> cannot have attributes"),
    (document("<mj-text>x"), 7, "<mj-text> is not closed before </mj-column>"),
    (document().replace("</mjml>", ""), 1, "<mjml> is never closed"),
    (text("a < b"), 7, "a bare < or a tag that does not end"),
    (text('<a href="x>z</a>'), 7, "a bare < or a tag that does not end"),
    (text("<table>\n<tr></table>"), 8, "<tr> is not closed before </table>"),
    # Words where MJML has no place for them
    (document("\nstray words"), 8, "text directly in <mj-column> is lost: put 'stray words' into <mj-text>"),
    (document(body="x"), 11, "text directly in <mj-body> is lost"),
    (document(body="<mj-section>\n&nbsp;</mj-section>"), 12, "text directly in <mj-section> is lost"),
    (document("<mj-spacer>x</mj-spacer>"), 7, "text directly in <mj-spacer>"),
    ("x" + document(), 1, "text outside <mjml>"),
    (document() + "\nx", 15, "text outside <mjml>"),
    (document(head="<mj-title>x</mj-title> \n"), 3, "a blank in <mj-head> stops the compiler"),
    (document(head="<mj-title>a <b>c</b></mj-title>"), 3, "<mj-title> holds plain words"),
    (document(head="<mj-style>\n<!-- a --></mj-style>"), 4, "<mj-style> holds plain words"),
    (document(head='<mj-title>a "b"</mj-title>'), 3, "write &quot;"),
    # What mjml-python does not do
    (document('<mj-include path="x" />'), 7, "write {% include %}"),
    (text('<mj-include path="x" />'), 7, "write {% include %}"),
    (document(head='<mj-font name="x" href="y" />'), 3, "our mails load nothing"),
    (document(head="<mj-html-attributes></mj-html-attributes>"), 3, "write the attributes on the tags"),
    (document(head='<mj-style inline="inline">a{}</mj-style>'), 3, "_base/theme.css"),
    (document(body='<mj-hero mode="fluid-height"></mj-hero>'), 11, "only fixed-height"),
    (document(body='<mj-wrapper gap="3px"></mj-wrapper>'), 11, "<mj-wrapper> ignores gap"),
    (
        document(
            head='<mj-attributes><mj-class name="a">\n<mj-text color="red" /></mj-class></mj-attributes>'
        ),
        4,
        "<mj-class> cannot hold tags",
    ),
    (
        document(body="<mj-raw>x</mj-raw>").replace("</mj-body>", "</mj-body><mj-raw></mj-raw>"),
        12,
        "<mj-raw>",
    ),
    (document("<mj-navbar><mj-raw>x</mj-raw></mj-navbar>"), 7, "<mj-raw> cannot stand in <mj-navbar>"),
    (document("<mj-spacer><!-- x --></mj-spacer>"), 7, "<mj-spacer> cannot hold a comment"),
    # mj-class
    (document('<mj-text\nmj-class="big">x</mj-text>'), 8, "mj-class big is not defined in <mj-attributes>"),
    (
        document(
            '<mj-text mj-class="big red">x</mj-text>',
            head='<mj-attributes><mj-class name="bigger" /><mj-class name="red" /></mj-attributes>',
        ),
        7,
        "mj-class big is not defined in <mj-attributes>: did you mean bigger?",
    ),
    # Comments, conditions and what else begins with <
    (text("<!-- x"), 7, "the comment is never closed"),
    (text("<!-->x"), 7, "the comment is never closed"),
    (text("<!-- a -- b -->"), 7, "a comment cannot hold --"),
    (text("<!--> a -->"), 7, "a comment cannot"),
    (text("<!--[if mso]>x"), 7, "the condition is never ended"),
    (text("<!--[if mso]>x<!--[if IE]><![endif]-->"), 7, "a condition stands in a condition"),
    (text("x<![endif]-->"), 7, "ends no condition"),
    (text("<!--[if mso] >x<![endif]-->"), 7, "expected a condition as in"),
    (text("\n<!--[if mso]><table><![endif]-->"), 8, "<table> is not closed before </mj-text>"),
    (document("<!--[if mso]>x<![endif]-->"), 7, "cannot stand among MJML's tags: use <mj-text> or"),
    (document("<mj-table><!--[if mso]>x<![endif]--></mj-table>"), 7, "cannot stand in <mj-table>"),
    (text("<![if !mso]>x<![endif]>"), 7, "does not survive"),
    ("<!doctype html>" + document(), 1, "'<!doctype' cannot stand here"),
    ("<?xml version='1.0'?>" + document(), 1, "cannot stand here"),
    (text("<![CDATA[x]]>"), 7, "cannot stand here"),
    (text("<ü>x</ü>"), 7, "a bare <"),
    (text("\n\x0bx"), 8, "the control character '\\x0b'"),
]


@pytest.mark.parametrize(("source", "line", "message"), FAULTS)
def test_a_fault_is_found_in_its_line(source: str, line: int, message: str) -> None:
    """Whatever else follows from it, the fault itself is named."""
    assert any(found == line and message in what for found, what in faults(source)), faults(source)


@pytest.mark.parametrize(
    "source",
    [
        document(),
        "<!-- what this is -->\n" + document(),
        text("a &amp; b &nbsp; & c > d <br><br/><img src='x' alt=''><hr class='x'><wbr>"),
        text("<!-- <b> --><p>x</p><!---->"),
        text("<!--[if mso | IE]><table><tr><td>x</td></tr></table><![endif]-->"),
        text("<!--[if !mso]><!--><p>x</p><!--<![endif]-->"),
        text('<a title="a > b <c>" href = "x" data-x.y="1" nowrap>x</a >'),
        text('<td/><svg><path d="x"/></svg><o:p>x</o:p>'),
        document('<mj-text padding="0 4px 3% 2.5px" line-height="1.5" letter-spacing="-1px">x</mj-text>'),
        document(
            '<mj-text color="rgba(1, 2, 3, .5)" css-class="x" container-background-color="Red">x</mj-text>'
        ),
        document('<mj-image src="x" alt="" height="auto" width="200px" />\n<mj-spacer height="0" />'),
        document('<mj-table width="auto" cellpadding="0"><tr><td>x</td></tr></mj-table>'),
        document('<mj-button href="x" border="1px solid #aabbcc">x</mj-button><mj-divider />'),
        document(body='<mj-section full-width="full-width"><mj-group><mj-column /></mj-group></mj-section>'),
        document(body='<mj-hero mode="fixed-height"><mj-text>x</mj-text></mj-hero><mj-raw><p>x</p></mj-raw>'),
        document(head="<mj-style>a > b { content: '\"' }</mj-style>\n<mj-raw><meta name='x'></mj-raw>"),
        document(
            '<mj-text mj-class="a b">x</mj-text>',
            head='<mj-attributes>\n<mj-class name="a" color="red" /><mj-class name="b" padding="0" />\n'
            '<mj-all padding="0" /><mj-image width="4px" />\n</mj-attributes>',
        ),
    ],
)
def test_what_is_right_passes_and_compiles(source: str) -> None:
    """No cry without a fault."""
    assert faults(source) == []
    assert compile_mjml(Filled(source, "body.mjml"))


@pytest.mark.parametrize("tag", ["b", "div", "mj-wrapper", "ü", "BR"])
@pytest.mark.parametrize("around", ["{}", "<!--[if mso]>{}<![endif]-->", "<!-- -->{}", "<mj-raw>{}</mj-raw>"])
def test_deep_nesting_never_reaches_the_compiler(tag: str, around: str) -> None:
    """It would end the whole process, even under a condition for Outlook."""
    deep = around.format(f"<{tag}>" * 20_000 + f"</{tag}>" * 20_000)
    for source in (text(deep), document(deep), document(body=deep), document(head=deep), deep):
        with pytest.raises(RenderError) as caught:
            compile_mjml(Filled(source, "body.mjml"))
        assert caught.value.places


def test_a_hundred_levels_are_fine_and_one_more_is_not() -> None:
    """The document's own tags count."""
    fits = 100 - 5
    assert faults(text("<b>" * fits + "</b>" * fits)) == []
    assert faults(text("<b>" * (fits + 1) + "</b>" * (fits + 1))) == [
        (7, "tags nest more than 100 levels deep")
    ]


def test_the_tables_know_why_the_depth_matters() -> None:
    """The day the compiler survives this, the limit may go."""
    script = "import mjml; mjml.mjml2html('<mjml><mj-body><mj-raw>' + '<b>' * 20000)"
    assert subprocess.run([sys.executable, "-c", script], check=False, capture_output=True).returncode < 0


HTML = st.recursive(
    st.sampled_from(
        [
            "text",
            " ",
            "\n",
            "<br>",
            "<br/>",
            "&amp;",
            "'",
            '"',
            ">",
            "<!-- a -->",
            "<!---->",
            "<img src='a' alt=''>",
        ]
    ),
    lambda inner: st.builds(
        "{0[0]}{1}{0[1]}".format,
        st.sampled_from(
            [
                ("<b>", "</b>"),
                ("<p class='x'>", "</p >"),
                ("<td nowrap>", "</td>"),
                ('<a title="a>b">', "</a>"),
                ("<!--[if mso]>", "<![endif]-->"),
                ("<!--[if !mso]><!-->", "<!--<![endif]-->"),
                ("", "text"),
            ]
        ),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=6,
)
COLUMN = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *("<mj-spacer />", '<mj-image src="a" alt="" />', "<mj-navbar></mj-navbar>"),
                *("<!-- a -->", "\n", "<mj-divider/>"),
            ]
        ),
        st.builds(
            "{0[0]}{1}{0[1]}".format,
            st.sampled_from(
                [
                    ("<mj-text>", "</mj-text>"),
                    ("<mj-raw>", "</mj-raw>"),
                    ("<mj-table>", "</mj-table>"),
                    ('<mj-social><mj-social-element src="a" alt="">', "</mj-social-element></mj-social>"),
                ]
            ),
            HTML,
        ),
    ),
    max_size=4,
).map("".join)


@given(COLUMN)
def test_what_passes_the_lint_compiles(column: str) -> None:
    """The compiler has nothing left to complain about without a line."""
    source = document(column)
    assume(not faults(source))
    mjml.mjml2html(source, fonts={})


def test_bundled_templates_are_clean() -> None:
    """For an edition with everything in it, and for each notice."""
    odd = tool("B", 67, description="One. Two.", community=40)
    pairs = [versus(tool("A"), odd), versus(odd, tool("C", None)), versus(tool("D"), tool("E", 0))]
    renderer = Renderer(BRANDING)
    assert renderer.edition(build_story("2026-W47", pairs, intro="Hello, *you*."), MARKER).html
    for name in NOTICES:
        assert renderer.notice(name, {}, MARKER).html


def test_an_override_is_named_with_file_and_line(tmp_path: Path) -> None:
    """A fault in a macro is the macro's, a fault in the body the body's; in the order of the mail."""
    (tmp_path / "goodbye").mkdir()
    body = tmp_path / "goodbye" / "body.mjml"
    macros = tmp_path / "macros.mjml"
    macros.write_text("{% macro picture() %}\n\n<img src='x'>\n{% endmacro %}", encoding="utf-8")
    body.write_text(
        '{% import "macros.mjml" as the %}\n'
        + document("<mj-text>{{ the.picture() }}\n<b></mj-text>", head="<mj-tittle />"),
        encoding="utf-8",
    )
    with pytest.raises(RenderError) as caught:
        Renderer(BRANDING, tmp_path).notice("goodbye", {}, MARKER)
    error = caught.value
    assert [(place.file, place.line) for place in error.places] == [
        (str(body), 4),
        (str(macros), 3),
        (str(body), 9),
    ]
    assert str(error).startswith(
        f"{body}:4: MJML does not know <mj-tittle>: did you mean mj-title?\n{macros}:3: "
    )
    assert len(str(error).splitlines()) == 3


def test_a_fault_in_a_loop_is_told_once(tmp_path: Path) -> None:
    """Ten comparisons do not make ten faults of one line."""
    (tmp_path / "goodbye").mkdir()
    loop = "{% for _ in range(30) %}\n<mj-image src='x' />\n{% endfor %}"
    (tmp_path / "goodbye" / "body.mjml").write_text(document(loop), encoding="utf-8")
    with pytest.raises(RenderError) as caught:
        Renderer(BRANDING, tmp_path).notice("goodbye", {}, MARKER)
    assert [place.line for place in caught.value.places] == [8]


def test_a_long_list_is_cut() -> None:
    """All places are there, and the message shows twenty."""
    with pytest.raises(RenderError) as caught:
        compile_mjml(Filled(document("\n".join(["<mj-image src='x' />"] * 23)), "body.mjml"))
    assert [place.line for place in caught.value.places] == list(range(7, 30))
    lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[0].startswith("body.mjml:7: ")
    assert lines[-1] == "and 3 more"


def test_ten_thousand_nested_tags_in_an_intro_end_no_process() -> None:
    """Markdown's own limit holds them back, or the intro is refused: it is far too long for a mail."""
    for intro in ("<b>" * 10_000, "> " * 10_000 + "x", "[" * 10_000 + "](x)" * 10_000):
        story = build_story("2026-W47", [versus(tool("A"), tool("B"))], intro=intro)
        with suppress(RenderError):
            assert "</html>" in Renderer(BRANDING).edition(story, MARKER).html


def test_ten_thousand_nested_tags_in_an_unescaped_intro_are_refused(tmp_path: Path) -> None:
    """Even a template that trusts the intro cannot take the process down."""
    (tmp_path / "edition").mkdir()
    path = tmp_path / "edition" / "body.mjml"
    path.write_text(text("{{ story.intro|safe }}"), encoding="utf-8")
    story = build_story("2026-W47", [versus(tool("A"), tool("B"))], intro="<b>" * 10_000)
    with pytest.raises(RenderError, match=f"{path}:7: tags nest more than 100 levels deep"):
        Renderer(BRANDING, tmp_path).edition(story, MARKER)


def test_broken_text_is_read_in_a_straight_line() -> None:
    """Half a million signs that open something are refused as soon as they are read."""
    for piece in ('<a "', "<!--", "<a '", "<", "<a ", '<a x="', "<!--[if mso]>"):
        assert lint(Filled(text(piece * 20_000), "body.mjml"))


def test_each_type_of_each_attribute_is_understood() -> None:
    """A type that MJML invents later is an error here, never a rule that lets all pass."""
    for tag, rule in rules().items():
        for attribute in rule.attributes:
            assert all(kind.expected for kind in kinds(tag, attribute))


def test_exceptions_name_what_exists() -> None:
    """A renewed table may lose a tag or an attribute."""
    table = RULES.read_text(encoding="utf-8")
    assert all(f'"{tag}"' in table or tag == "mj-include" for tag in REFUSED)
    for tag, attributes in WITHOUT_EFFECT.items():
        assert attributes <= rules()[tag].attributes.keys()


def test_the_table_is_written_as_the_generator_writes_it() -> None:
    """And carries its licence."""
    known = {
        "version": "1.0",
        "licence": "The MIT\nLicense",
        "colours": ["red", "blue", "red"],
        "tags": {"b": {"html": True}, "a": {"html": False}},
    }
    written = rules_file(known)
    assert written.endswith(' "tags": {\n  "a": {"html": false},\n  "b": {"html": true}\n }\n}\n')
    assert '"licence": "The MIT License"' in written
    assert '"colours": "blue red"' in written
    assert "Copyright (c) 2016 Mailjet SAS" in RULES.read_text(encoding="utf-8")


def test_places_read_well() -> None:
    """As compilers write them, so that editors jump there."""
    places = (Place("a/b.mjml", 3, "what"), Place("c.mjml", 1, "else"))
    assert str(RenderError(places=places)) == "a/b.mjml:3: what\nc.mjml:1: else"
    assert RenderError("no more").places == ()
