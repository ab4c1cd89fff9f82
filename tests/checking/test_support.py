"""What mail programs know of what a mail uses; the table itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest.checking.findings import Level
from digest.checking.page import read_page
from digest.checking.support import TABLE, check_support, table
from digest.checking.usage import usage
from tests.checking.samples import levels, page, told
from tests.support import caniemail_table


@pytest.mark.parametrize(
    ("html", "word"),
    [
        (page('<p style="border-radius:4px">'), "property:border-radius"),
        (page('<p style="DISPLAY:Flex">'), "value:display=flex"),
        (page('<p style="width:calc(1rem + 10%)">'), "function:calc"),
        (page('<p style="width:calc(1rem + 10%)">'), "unit:rem"),
        (page('<p style="width:calc(1rem + 10%)">'), "unit:%"),
        (page('<p style="background:url(a.webp?x=1)">'), "format:webp"),
        (page('<img src="https://a.org/a.WEBP">'), "format:webp"),
        (page('<img src="data:image/png;base64,AA">'), "format:data"),
        (page('<input type="text">'), "element:input[type=text]"),
        (page('<a href="mailto:a@example.org">'), "link:mailto"),
        (page('<a href="#x">'), "link:#"),
        (page("<!-- x -->"), "comment:html"),
        (page(head='<meta name="color-scheme" content="dark">'), "meta:color-scheme"),
        (page(), "doctype"),
        (page(style="p{margin:0 !important}"), "important"),
        (page(style="/* x */"), "comment:css"),
        (page(style="@media (prefers-color-scheme:dark){p{margin:0}}"), "media:prefers-color-scheme"),
        (page(style="@media screen{a:hover{margin:0}}"), "pseudo:hover"),
        (page(style="a::before{margin:0}"), "pseudo:before"),
        (page(style="[data-x='a.b'] p{margin:0}"), "selector:[]"),
        (page(style="a.b.c{margin:0}"), "selector:chaining"),
        (page(style="a b{margin:0}"), "selector:descendant"),
        (page(style="a > b{margin:0}"), "selector:>"),
        (page(style="a,b{margin:0}"), "selector:,"),
    ],
)
def test_what_a_mail_uses_is_found(html: str, word: str) -> None:
    """In elements, attributes, style attributes and style sheets; and not in the plain page."""
    assert word in usage(read_page(html))
    assert word == "doctype" or word not in usage(read_page(page()))


def test_programs_that_will_differ_are_named() -> None:
    """In a note, for a good mail bears it."""
    findings = list(check_support(read_page(page('<p style="border-radius:4px">x</p>'))))
    assert levels(findings) == {Level.NOTE}
    line = next(line for line in findings[0].detail if line.startswith("border-radius: "))
    assert "not in Outlook (Windows, classic; Windows Mail)" in line
    assert "only in part in Yahoo! Mail, AOL" in line
    assert "Gmail" not in line


def test_only_what_is_used_is_told() -> None:
    """A feature that the mail leaves alone is no news."""
    assert "border-radius" not in told(check_support(read_page(page())), Level.NOTE)
    assert levels(check_support(read_page("plain"))) <= {Level.NOTE, Level.OK}


def test_the_table_names_its_origin_and_stays_small() -> None:
    """Licence and source travel with it."""
    assert TABLE.stat().st_size < 150_000
    assert "MIT License" in table()["licence"]
    assert "hteumeuleu/caniemail" in table()["origin"]
    families, platforms = table()["families"], table()["platforms"]
    for feature in table()["features"]:
        assert feature["looks_for"], feature["slug"]
        for places in (feature["no"], feature["part"]):
            assert set(places) <= set(families)
            assert {one for on in places.values() for one in on} <= set(platforms)
        numbers = {number for on in feature["part"].values() for found in on.values() for number in found}
        assert set(feature["notes"]) <= {str(number) for number in numbers}


def test_the_table_is_made_from_the_newest_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each program only the last version counts, and what all support is left out."""
    gap = {
        "slug": "css-gap",
        "title": "gap, row-gap",
        "last_test_date": "2024-01-01",
        "notes_by_num": {"1": "See [x](y)."},
    }
    stats = {
        "gmail": {"ios": {"2020": "n", "2024": "a #1"}},
        "outlook": {"windows": {"2016": "y", "2019": "n"}},
    }
    bold = {"slug": "html-strong", "title": "<strong> element", "last_test_date": "x", "notes_by_num": None}
    data = {
        "last_update_date": "2026-01-02 03:04",
        "nicenames": {
            "family": {"gmail": "Gmail", "outlook": "Outlook"},
            "platform": {"ios": "iOS", "windows": "Windows"},
        },
        "data": [{**gap, "stats": stats}, {**bold, "stats": {"gmail": {"ios": {"2020": "y"}}}}],
    }
    (tmp_path / "dist/data").mkdir(parents=True)
    (tmp_path / caniemail_table.DATA).write_text(json.dumps(data))
    (tmp_path / "package.json").write_text('{"version": "9.9.9"}')
    monkeypatch.setattr(caniemail_table, "TABLE", tmp_path / "table.json")
    caniemail_table.main(str(tmp_path))
    made = json.loads((tmp_path / "table.json").read_text())
    (feature,) = made["features"]
    assert feature["looks_for"] == ["property:gap", "property:row-gap"]
    assert (feature["no"], feature["part"]) == ({"outlook": ["windows"]}, {"gmail": {"ios": [1]}})
    assert feature["notes"] == {"1": "See x."}
    assert made["origin"].endswith(" 9.9.9")


def test_a_feature_that_no_rule_finds_stops_the_renewal() -> None:
    """So that nothing new is overlooked."""
    with pytest.raises(SystemExit, match="css-new"):
        caniemail_table.looks_for("css-new", "Something New!")
