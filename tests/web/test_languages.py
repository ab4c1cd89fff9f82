"""What the pages say: every sentence of templates and of Python, in every language, and the consent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from digest.audience import addresses, moving, preferring
from digest.bundled import bundled
from digest.rendering.branding import Branding
from digest.rendering.languages import read_languages
from digest.web import preferring as web_preferring
from digest.web.pages import Pages
from digest.web.sentences import SENTENCES, as_made, say
from digest.web.speaking import asking

BRAND = Branding("Weekly", "1 Example Street", "The Desk", "https://digest.example.org")
BUNDLED = bundled("subscribers")


def test_templates_have_no_words_of_their_own() -> None:
    """Whatever letters a template shows stand in a sentence for translators."""
    for file in sorted((BUNDLED / "pages").glob("*.html")):
        text = file.read_text("utf-8")
        assert not re.search(r"_\([^)]*%%", text), f"{file.name}: _() takes a percent sign as it is"
        text = re.sub(r"\{% trans.*?\{% endtrans %\}", "", text, flags=re.DOTALL)
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text, flags=re.DOTALL)
        assert not re.findall(r'(?:aria-label|title|alt|placeholder)="[^"]*[A-Za-z]', text), file.name
        shown = re.sub(r"<!?[a-z/][^>]*>", "", re.sub(r'[\w-]+="[^"]*"|autofocus', "", text))
        assert not re.findall(r"[A-Za-z]{2,}", shown), file.name


def _raised(module: ModuleType, kind: str) -> Iterator[str]:
    """What errors of a kind are raised with in a module, with `…` where values go."""
    for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == kind:
            said = node.args[-1]
            for one in (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,):
                if not isinstance(one, ast.Call):  # the words of another error, which is looked at itself
                    yield _said(one, module)


def _said(node: ast.expr, module: ModuleType) -> str:
    if isinstance(node, ast.Name):
        return str(getattr(module, node.id))
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
    return str(ast.literal_eval(node))


@pytest.mark.parametrize("module", [addresses, moving, preferring, web_preferring])
def test_errors_that_pages_show_can_be_translated(module: ModuleType) -> None:
    """Every sentence that such an error is raised with is known to the catalogs."""
    found = [said for kind in ("BadChoice", "NotAnAddress") for said in _raised(module, kind)]
    assert found
    for sentence in found:
        assert sentence in SENTENCES or as_made(sentence), sentence


def test_sentences_of_python() -> None:
    """A sentence with values in it is found again, and they are kept whatever they hold."""
    german = read_languages([BUNDLED])["de"]
    assert say(german, "2026, week 47") == "2026, Woche 47"
    assert say(german, "Level at 50%") == "Gleichauf bei 50\u00a0%"
    assert say(german, "%(tool)s <b> leads by 7 points") == "%(tool)s <b> führt mit 7 Punkten Vorsprung"
    assert say(german, "Nobody has ever said this.") == "Nobody has ever said this."
    assert say(german, "") == ""
    assert say(read_languages([BUNDLED])["en"], "2026, week 47") == "2026, week 47"


def test_what_python_says_is_no_markup(tmp_path: Path) -> None:
    """Sentences with what a reader typed are escaped, and their percent signs are none of ours."""
    pages = Pages(BRAND)
    answer = pages.show("problem", title="100% <b>%(x)s</b>", message="%s %", again=False)
    assert "<h1>100% &lt;b&gt;%(x)s&lt;/b&gt;</h1>" in bytes(answer.body).decode()


def test_consent_by_language(tmp_path: Path) -> None:
    """An operator's own consent holds in every language but those it was written anew for."""
    (tmp_path / "consent.txt").write_text("I agree.", "utf-8")
    (tmp_path / "consent.de.txt").write_text("Ich stimme zu.", "utf-8")
    pages = Pages(BRAND, tmp_path)
    assert pages.wording() == "I agree."
    with asking({"type": "http", "query_string": b"lang=de", "headers": []}):
        assert pages.wording() == "Ich stimme zu."
