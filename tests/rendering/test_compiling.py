"""Compiling and inlining: the tools' sharp edges are covered."""

from __future__ import annotations

import pytest

from digest.errors import RenderError
from digest.rendering import linting
from digest.rendering.compiling import compile_mjml
from digest.rendering.inlining import inline_styles
from digest.rendering.positions import Filled


def document(content: str) -> Filled:
    """A whole MJML document around some content."""
    text = f"<mj-section><mj-column><mj-text>{content}</mj-text></mj-column></mj-section>"
    return Filled(f'<mjml lang="en"><mj-body>{text}</mj-body></mjml>', "greeting")


@pytest.mark.parametrize("levels", [101, 20_000])
@pytest.mark.parametrize("tag", ["b", "div", "mj-wrapper"])
def test_deep_nesting_is_refused_before_it_can_crash(tag: str, levels: int) -> None:
    """The compiler would take the whole process with it."""
    with pytest.raises(RenderError, match="nest more than 100 levels"):
        compile_mjml(document(f"<{tag}>" * levels + f"</{tag}>" * levels))


def test_many_tags_side_by_side_are_fine() -> None:
    """Breadth is not depth, and void tags open nothing."""
    assert "end" in compile_mjml(document("<b>x</b><br><hr><wbr><br/>" * 300 + "end"))


def test_a_greater_than_sign_in_an_attribute_ends_no_tag() -> None:
    """Depth is counted by tags, not by signs."""
    assert compile_mjml(document('<a title="a > b <c>">x</a>' * 150))


@pytest.mark.parametrize("broken", ["<p>", "a < b", "<p class=x>y</p>", "<mj-foo>x</mj-foo>"])
def test_what_does_not_pass_the_lint_is_not_compiled(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what was compiled, and the line."""
    monkeypatch.setattr("mjml.mjml2html", None)
    with pytest.raises(RenderError, match="greeting:1: "):
        compile_mjml(document(broken))


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lint that finds nothing, as it may one day with a newer compiler."""
    monkeypatch.setattr(linting, "lint", lambda source: ())


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("<p>", "greeting: unexpected end of stream"),
        ("<mj-foo>x</mj-foo>", "greeting: MJML does not know <mj-foo>"),
        ("\n€\n</b>", "greeting:3: unexpected token"),
        ("<!--[if mso] >", "greeting: the compiler gave up: "),
    ],
)
def test_what_the_compiler_refuses_is_our_error(broken: str, message: str, lenient: None) -> None:
    """With the line where it says so much; even where the compiler itself breaks."""
    with pytest.raises(RenderError, match=message):
        compile_mjml(document(broken))


def test_no_font_is_fetched() -> None:
    """MJML would link one by default."""
    assert "<link" not in compile_mjml(document("x"))


def test_the_theme_moves_onto_elements_and_nothing_else_changes() -> None:
    """MJML's own sheets, comments and links stay as they were."""
    html = compile_mjml(
        document('<p class="k">Zoë &amp; co <a href="https://x.example/?a=1&amp;b=%20c">x</a></p>')
    )
    inlined = inline_styles(
        html, ".k{color:#123456;margin:0}@media(max-width:9px){.k{color:#654321!important}}"
    )
    assert '<p class="k" style="color:#123456;margin:0">Zoë &amp; co' in inlined
    assert "!important" in inlined
    assert 'href="https://x.example/?a=1&amp;b=%20c"' in inlined
    assert inlined.count("<!--[if mso") == html.count("<!--[if mso")
    assert "#outlook a{padding: 0;}" in inlined


def test_colours_keep_six_digits() -> None:
    """The inliner would shorten them, and some mail programs read three as nothing."""
    html = compile_mjml(document('<p class="k">x</p>'))
    assert 'style="color:#ffffff;margin:0"' in inline_styles(html, ".k{color:#ffffff;margin:0}")


def test_words_that_look_like_a_style_stay() -> None:
    """Only tags are tightened, never what readers read."""
    html = compile_mjml(document("say style=&#34;a; b&#34; <b>now</b>"))
    assert 'say style="a; b"' in inline_styles(html, "")
