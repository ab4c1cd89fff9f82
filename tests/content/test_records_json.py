"""Comparisons as JSON and JSON Lines: good records survive, each bad one names its field and line."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.content.page_text import read_page
from digest.content.records import ComparisonRecord
from digest.content.records_json import read_json, read_jsonl
from digest.errors import SourceError

EXAMPLE = Path(__file__).parents[2] / "examples/comparisons.jsonl"
FULL: dict[str, Any] = {
    "slug": "left-vs-right",
    "title": "Left or Right",
    "blurb": "Which of them?",
    "url": "https://verdicts.example/left-vs-right",
    "published_at": "2026-11-12T09:00:00+01:00",
    "tools": [
        {
            "slug": "left",
            "name": "Left",
            "category": "Tools",
            "tagline": "Goes left",
            "description": "It turns left.",
            "panel_ship": 50,
            "community": None,
            "entry": "Paid",
            "reviews": [
                {"position": 2, "reviewer": None, "verdict": None, "quote": "Second."},
                {"position": 1, "reviewer": "Ann", "verdict": "ship", "quote": "“First.”"},
            ],
        },
        {"name": "Right"},
    ],
}


def altered(path: str, value: object) -> dict[str, Any]:
    """The full record with one value changed; the path is written as in Python."""
    record = deepcopy(FULL)
    exec(f"record{path} = value", {"record": record, "value": value})  # noqa: S102
    return record


def one(record: object) -> ComparisonRecord | SourceError:
    """What a single record is read as."""
    (result,) = read_json(json.dumps(record), "x.json")
    return result


def good(record: object) -> ComparisonRecord:
    """The record, which has to fit."""
    result = one(record)
    assert isinstance(result, ComparisonRecord), result
    return result


def bad(record: object) -> SourceError:
    """The error, for a record that must not fit."""
    result = one(record)
    assert isinstance(result, SourceError), result
    return result


def kinds(results: list[ComparisonRecord | SourceError]) -> list[tuple[bool, int | None]]:
    """For each result: whether it is a record, and the line it begins on."""
    return [(isinstance(result, ComparisonRecord), result.line) for result in results]


def test_reads_every_field() -> None:
    """Each value of the shape arrives in its field, the time in UTC and the reviews in their order."""
    record = good(FULL)
    left = record.tools[0]
    assert (record.slug, record.title, record.blurb) == ("left-vs-right", "Left or Right", "Which of them?")
    assert (record.url, record.published_at) == (FULL["url"], datetime(2026, 11, 12, 8, tzinfo=UTC))
    assert (left.slug, left.name, left.category, left.tagline) == ("left", "Left", "Tools", "Goes left")
    assert (left.description, left.panel_ship, left.community) == ("It turns left.", 50, None)
    said = [(r.position, r.quote, r.reviewer, r.verdict) for r in left.reviews]
    assert said == [(1, "First.", "Ann", "ship"), (2, "Second.", None, None)]


def test_what_may_be_absent() -> None:
    """Two names are enough; the title is made of them, and nothing else is made up."""
    record = good({"tools": [{"name": "A"}, {"name": "B"}]})
    assert (record.title, record.blurb, record.slug, record.url) == ("A vs B", "", None, None)
    tool = record.tools[0]
    assert (tool.category, tool.tagline, tool.description, tool.reviews) == ("", "", "", ())
    assert (tool.panel_ship, tool.community, tool.entry, tool.slug) == (None, None, None, None)
    tools = [{**dict.fromkeys(FULL["tools"][0]), "name": name} for name in "AB"]
    nulls = {**dict.fromkeys(FULL), "tools": tools}
    assert good(nulls) == record


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("['title']", 3, "title"),
        ("['title']", "x" * 1001, "title"),
        ("['blurb']", ["a"], "blurb"),
        ("['titel']", "a", "titel"),
        ("['slug']", "a b", "slug"),
        ("['slug']", "", "slug"),
        ("['slug']", "../a", "slug"),
        ("['url']", "ftp://a.example/", "url"),
        ("['url']", "/a", "url"),
        ("['url']", "https://", "url"),
        ("['url']", "https://user@a.example/", "url"),
        ("['url']", "https://a.example/ b", "url"),
        ("['url']", " https://a.example/", "url"),
        ("['url']", "https://a.example:99999/", "url"),
        ("['url']", "https://[a/", "url"),
        ("['url']", "https://a.example/\n", "url"),
        ("['published_at']", "2026-11-12", "published_at"),
        ("['published_at']", "2026-11-12T09:00:00", "published_at"),
        ("['published_at']", "soon", "published_at"),
        ("['published_at']", 1731398400, "published_at"),
        ("['published_at']", "9999-12-31T23:59:59-05:00", "published_at"),
        ("['tools']", None, "tools"),
        ("['tools']", {}, "tools"),
        ("['tools']", [{"name": "A"}], "tools"),
        ("['tools']", [{"name": n} for n in "ABC"], "tools"),
        ("['tools'][1]", "Right", "tools[1]"),
        ("['tools'][1]", {}, "tools[1].name"),
        ("['tools'][1]['name']", " \u2028\u200b", "tools[1].name"),
        *(
            ("['tools'][1]['name']", invisible, "tools[1].name")
            for invisible in ("\u2063", "\u3164 \u2800", "\u202e\u180e", "\ufe0f", "\u0301", "\U000e0041")
        ),
        ("['title']", "\u2800", "title"),
        ("['tools'][0]['reviews'][0]['quote']", "\u3164", "tools[0].reviews[0].quote"),
        ("['tools'][1]['name']", "ＬEFT", "tools[1].name"),
        ("['tools'][1]['name']", "x" * 301, "tools[1].name"),
        ("['tools'][1]['name']", "a\ud800", "tools[1].name"),
        ("['tools'][1]['vendor']", "x", "tools[1].vendor"),
        ("['tools'][1]['not a name']", "x", "tools[1]"),
        ("['tools'][0]['panel_ship']", True, "tools[0].panel_ship"),
        ("['tools'][0]['panel_ship']", 75.0, "tools[0].panel_ship"),
        ("['tools'][0]['panel_ship']", "75%", "tools[0].panel_ship"),
        ("['tools'][0]['panel_ship']", 101, "tools[0].panel_ship"),
        ("['tools'][0]['community']", -1, "tools[0].community"),
        ("['tools'][0]['community']", float("nan"), "tools[0].community"),
        ("['tools'][0]['entry']", 5, "tools[0].entry"),
        ("['tools'][0]['reviews']", "good", "tools[0].reviews"),
        ("['tools'][0]['reviews'][1]", None, "tools[0].reviews[1]"),
        ("['tools'][0]['reviews'][1]['quote']", None, "tools[0].reviews[1].quote"),
        ("['tools'][0]['reviews'][1]['quote']", "“ ”", "tools[0].reviews[1].quote"),
        ("['tools'][0]['reviews'][1]['quote']", "x" * 20_001, "tools[0].reviews[1].quote"),
        ("['tools'][0]['reviews'][1]['position']", 0, "tools[0].reviews[1].position"),
        ("['tools'][0]['reviews'][1]['position']", False, "tools[0].reviews[1].position"),
        ("['tools'][0]['reviews'][1]['position']", "1", "tools[0].reviews[1].position"),
        ("['tools'][0]['reviews'][1]['verdict']", "maybe", "tools[0].reviews[1].verdict"),
        ("['tools'][0]['reviews'][1]['verdict']", "", "tools[0].reviews[1].verdict"),
        ("['tools'][0]['reviews'][1]['reviewer']", 7, "tools[0].reviews[1].reviewer"),
        ("['tools'][0]['reviews'][1]['stars']", 7, "tools[0].reviews[1].stars"),
    ],
)
def test_what_does_not_fit_is_named(path: str, value: object, field: str) -> None:
    """Wrong types, ranges and unknown keys give one error with the field, what was expected and found."""
    error = bad(altered(path, value))
    assert (error.source, error.line, error.field) == ("x.json", 1, field)
    assert "expected" in error.message
    assert "found" in error.message
    assert len(error.message) < 250


@pytest.mark.parametrize(
    ("path", "value", "read"),
    [
        ("['title']", " A\r\nB\u2028C\x00D\u00a0E ", "A B C D E"),
        ("['tools'][0]['name']", "L\ne\tft", "L e ft"),
        ("['tools'][0]['tagline']", "a\u2029b", "a b"),
        ("['tools'][0]['description']", "One\ntwo.\r\n \r\nThree.\n\n\n", "One two.\n\nThree."),
        ("['tools'][0]['entry']", "—", None),
        ("['tools'][0]['entry']", " ", None),
        ("['tools'][0]['panel_ship']", 0, 0),
        ("['tools'][0]['panel_ship']", 100, 100),
    ],
)
def test_texts_are_cleaned_as_pages_are(path: str, value: object, read: object) -> None:
    """Line breaks and control characters become spaces, paragraphs stay paragraphs, a dash is None."""
    record = good(altered(path, value))
    key = path.split("'")[-2]
    assert getattr(record if key == "title" else record.tools[0], key) == read


@pytest.mark.parametrize(
    ("quote", "read"),
    [
        ("“A.”", "A."),
        ('"A."', "A."),
        ("A.", "A."),
        ("“He said “no” twice”", "He said “no” twice"),
        ('"He said "no" twice"', 'He said "no" twice'),
        ("“Yes” is better than “no”", "“Yes” is better than “no”"),
        ('"Yes" is better than "no"', '"Yes" is better than "no"'),
        ("He said “no”", "He said “no”"),
        ("“One.\n\nTwo.”", "One.\n\nTwo."),
        ('"', '"'),
    ],
)
def test_surrounding_quotation_marks_go(quote: str, read: str) -> None:
    """Only marks that surround all of the quote are removed."""
    assert good(altered("['tools'][0]['reviews'][0]['quote']", quote)).tools[0].reviews[1].quote == read


@pytest.mark.parametrize(
    ("positions", "order"),
    [
        ([1, 2, 3], "abc"),
        ([3, 2, 1], "cba"),
        ([5, 5, 1], "cab"),
        ([None, None, None], "abc"),
        ([9, None, 1], "cba"),
    ],
)
def test_positions_are_renumbered(positions: list[int | None], order: str) -> None:
    """Reviews stand in the order of their positions and are counted from one."""
    reviews = [{"position": p, "quote": q} for p, q in zip(positions, "abc", strict=True)]
    read = good(altered("['tools'][0]['reviews']", reviews)).tools[0].reviews
    assert [(review.position, review.quote) for review in read] == list(enumerate(order, 1))


@pytest.mark.parametrize(
    "said", ["2026-11-12T08:00:00Z", "2026-11-12T08:00Z", "2026-11-12 03:00-05:00", "20261112T080000Z"]
)
def test_times_become_utc(said: str) -> None:
    """Any ISO 8601 form with an offset is read, and kept in UTC."""
    when = good(altered("['published_at']", said)).published_at
    assert when == datetime(2026, 11, 12, 8, tzinfo=UTC)
    assert when.tzinfo is UTC


RIGHT_ONE = '{"tools":[{"name":"A"},{"name":"B"}]}'
WRONG_ONE = '{"tools":\n[]}'


@pytest.mark.parametrize(
    ("text", "results"),
    [
        (RIGHT_ONE, [(True, 1)]),
        (f"\ufeff\n\n {RIGHT_ONE}\n", [(True, 3)]),
        ("[]", []),
        (f"[\n{RIGHT_ONE},\r\n{WRONG_ONE},\n\n{RIGHT_ONE}]", [(True, 2), (False, 3), (True, 6)]),
        (f"[1,\n{RIGHT_ONE}]", [(False, 1), (True, 2)]),
        (f"[[{RIGHT_ONE}]]", [(False, 1)]),
        (f"[{RIGHT_ONE},\n{{oops}}]", [(True, 1), (False, 2)]),
        (f"[{RIGHT_ONE}\n\n{RIGHT_ONE}]", [(True, 1), (False, 3)]),
        (f"[{RIGHT_ONE},\n]", [(True, 1), (False, 2)]),
        (f"[{RIGHT_ONE}\n", [(True, 1), (False, 2)]),
        (f"{RIGHT_ONE}\n{RIGHT_ONE}", [(True, 1), (False, 2)]),
        ("", [(False, 1)]),
        ("null", [(False, 1)]),
        ('{\n"tools": [\n}', [(False, 3)]),
        ("[" * 100_000, [(False, 1)]),
        ('{"a":' * 100_000, [(False, 1)]),
        (f'{{"tools": {"9" * 5000}}}', [(False, 1)]),
        ('{"a\x00":1}', [(False, 1)]),
    ],
)
def test_an_array_keeps_its_good_records(text: str, results: list[tuple[bool, int]]) -> None:
    """A bad record costs itself; a syntax error costs what stands below it; both know their line."""
    assert kinds(list(read_json(text, "x.json"))) == results


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("", []),
        (f"{RIGHT_ONE}\n\n{RIGHT_ONE}\r\n", [(True, 1), (True, 3)]),
        (f"{RIGHT_ONE}\n{{oops\n{RIGHT_ONE}", [(True, 1), (False, 2), (True, 3)]),
        (
            f"{RIGHT_ONE}\n[{RIGHT_ONE}]\n{'[' * 100_000}\n{RIGHT_ONE}",
            [(True, 1), (False, 2), (False, 3), (True, 4)],
        ),
        (f"{RIGHT_ONE}{RIGHT_ONE}", [(False, 1)]),
    ],
)
def test_json_lines_lose_only_the_bad_line(text: str, results: list[tuple[bool, int]]) -> None:
    """Each line stands for itself."""
    assert kinds(list(read_jsonl(text, "x.jsonl"))) == results


def test_the_example_says_reviewers_and_verdicts() -> None:
    """Our own sample reads, and the panel's share is what its verdicts make."""
    results = list(read_jsonl(EXAMPLE.read_text("utf-8"), "x.jsonl"))
    tools = [tool for result in results if isinstance(result, ComparisonRecord) for tool in result.tools]
    assert len(tools) == 2 * len(results) == 4
    for tool in tools:
        assert all(review.reviewer for review in tool.reviews)
        assert tool.panel_ship == 25 * sum(review.verdict == "ship" for review in tool.reviews)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FULL, "name", "x"]), inner),
    max_leaves=8,
)


@given(st.sampled_from([*FULL]), VALUES, st.text(max_size=5), st.integers(0, 2000))
def test_damaged_json_is_read_or_refused(key: str, value: object, junk: str, at: int) -> None:
    """Whatever stands in a field or breaks the syntax: results, and nothing raised."""
    text = json.dumps({**FULL, key: value})
    for form in (text, text[:at] + junk + text[at:], text[:at], junk):
        for result in [*read_json(form, "x"), *read_jsonl(form, "x")]:
            assert isinstance(result, ComparisonRecord) or result.message.startswith("expected ")


@given(st.text(st.characters(exclude_characters='“”"', exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_a_title_reads_the_same_as_text_and_as_json(title: str) -> None:
    """Both sources clean a title alike, so that one comparison never looks like two."""
    page = "\n".join(
        ["AI tool comparison", " ".join(f"T{title}T".split()), "Blurb"]
        + [
            line
            for n in "AB"
            for line in ("C", n, "T", "1%", "Panel ship", "1%", "Community", "Free", "Entry", "D")
        ]
        + ["Reviewer scorecard", "Weekly AI Tool Verdicts"]
    )
    if "\x00" not in title:
        assert read_page(page, "x").title == good(altered("['title']", f"T{title}T")).title
