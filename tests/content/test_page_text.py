"""The page as a reader copies it: what is read, what is tolerated, what is refused and where."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.content.page_text import read_page
from digest.content.records import ComparisonRecord, ToolRecord
from digest.errors import SourceError

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT.parent / "shared/pages"
EXAMPLES = sorted((ROOT / "examples/pages").glob("*/*.txt"))

HEAD = ["AI tool comparison", "Left vs Right vs Both", "Which of them?"]
LEFT = [
    "Tools",
    "Left",
    "Goes left",
    "75%",
    "Panel ship",
    "—",
    "Community",
    "Paid",
    "Entry",
    "It turns left.",
]
RIGHT = ["Toys", "Right", "Goes on", "0%", "Panel ship", "9%", "Community", "Free", "Entry", "One.", "Two."]
QUOTES = ["“L1 is good.”", "“R1 is bad.”", "“L2, I said “no” twice.”", "“R2 is it.”"]
FOOT = ["Weekly AI Tool Verdicts", "Come back soon"]
PAGE = [*HEAD, *LEFT, *RIGHT, "Reviewer scorecard", *QUOTES, *FOOT]


def page(quotes: list[str] = QUOTES, left: list[str] = LEFT, right: list[str] = RIGHT) -> str:
    """A whole page as text, with what a test wants changed."""
    return "\n".join([*HEAD, *left, *right, "Reviewer scorecard", *quotes, *FOOT])


def swapped(lines: list[str], index: int, value: str) -> list[str]:
    """The lines with one of them replaced."""
    return [*lines[:index], value, *lines[index + 1 :]]


def said(tool: ToolRecord) -> list[str]:
    """The tool's quotes in their order."""
    return [review.quote for review in tool.reviews]


def refused(text: str) -> SourceError:
    """The error that this text is answered with."""
    with pytest.raises(SourceError) as caught:
        read_page(text, "page.txt")
    assert caught.value.source == "page.txt"
    return caught.value


def test_reads_every_field() -> None:
    """A page gives its title, blurb and both tools, with nothing cut from the title."""
    record = read_page(page(), "page.txt")
    left, right = record.tools
    assert (record.title, record.blurb, record.source, record.line) == (HEAD[1], HEAD[2], "page.txt", 1)
    assert (left.name, left.category, left.tagline, left.description) == ("Left", *LEFT[::2][:2], LEFT[9])
    assert (left.panel_ship, left.community, left.entry) == (75, None, "Paid")
    assert (right.panel_ship, right.community, right.entry) == (0, 9, "Free")
    assert right.description == "One.\n\nTwo."
    assert (record.url, record.published_at, record.slug, left.slug) == (None, None, None, None)


def test_quotes_alternate_between_the_tools() -> None:
    """The first quote is the left tool's, the second the right one's, and so on."""
    left, right = read_page(page(), "page.txt").tools
    assert said(left) == ["L1 is good.", "L2, I said “no” twice."]
    assert said(right) == ["R1 is bad.", "R2 is it."]
    assert [(r.position, r.reviewer, r.verdict) for r in left.reviews] == [(1, None, None), (2, None, None)]


@pytest.mark.parametrize(("count", "left", "right"), [(0, 0, 0), (1, 1, 0), (3, 2, 1), (12, 6, 6)])
def test_any_number_of_quotes(count: int, left: int, right: int) -> None:
    """Four reviewers are the custom, not a rule."""
    tools = read_page(page([f"“Quote {n}.”" for n in range(count)]), "page.txt").tools
    assert [len(tool.reviews) for tool in tools] == [left, right]


@pytest.mark.parametrize(
    ("lines", "quotes"),
    [
        (["“One.", "Two.”"], ["One.\n\nTwo."]),
        (['"One."', '"Two."'], ["One.", "Two."]),
        (['“He said "no" twice”'], ['He said "no" twice']),
        (['"He said "no" twice"'], ['He said "no" twice']),
        (['"He said "no""', "“Two”"], ['He said "no"', "Two"]),
        (["“He said “no”", "and left.”", "“Two”"], ["He said “no”\n\nand left.", "Two"]),
        (['"He said "no"', 'and left."', '"Two"'], ['He said "no"\n\nand left.', "Two"]),
        (["“A 13” screen.”", "“Two”"], ["A 13” screen.", "Two"]),
        (['"A 13" screen."', '"Two"'], ['A 13" screen.', "Two"]),
        (["“He said “no twice.”", "“Two”"], ["He said “no twice.", "Two"]),
        (["“One.", "”"], ["One."]),
        (["“One.", "“No,” he said.", "Three.”"], ["One.\n\n“No,” he said.\n\nThree."]),
    ],
)
def test_quotation_marks(lines: list[str], quotes: list[str]) -> None:
    """Surrounding marks go, inner marks stay, and a quote lasts until its own closing mark."""
    left, right = read_page(page(lines), "page.txt").tools
    assert [
        quote for pair in zip(said(left), [*said(right), ""], strict=False) for quote in pair if quote
    ] == quotes


@pytest.mark.parametrize("dash", ["—", "–", "-", "n/a", "N/A"])
def test_a_dash_is_none(dash: str) -> None:
    """A value the site does not have yet is None."""
    left = read_page(page(left=swapped(swapped(swapped(LEFT, 3, dash), 5, dash), 7, dash)), "page.txt").tools[
        0
    ]
    assert (left.panel_ship, left.community, left.entry) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "value"), [("0%", 0), ("100%", 100), ("75 %", 75), ("75\u00a0%", 75), ("7\u202f%", 7)]
)
def test_percentages(text: str, value: int) -> None:
    """Whole numbers from 0 to 100, with or without a space before the sign."""
    assert read_page(page(left=swapped(LEFT, 3, text)), "page.txt").tools[0].panel_ship == value


@pytest.mark.parametrize(
    "text", ["101%", "-1%", "7.5%", "75", "%", "075%", "٧%", "1e1%", "75%%", "none", "seventy"]
)
@pytest.mark.parametrize(("index", "field"), [(3, "panel_ship"), (5, "community")])
def test_other_percentages_are_refused(text: str, index: int, field: str) -> None:
    """What is no percentage is refused with its own line and field, and shown."""
    error = refused(page(right=swapped(RIGHT, index, text)))
    assert (error.line, error.field) == (14 + index, f"tools[1].{field}")
    assert text in error.message
    assert "expected" in error.message


def test_label_words_in_a_description_do_not_anchor() -> None:
    """Only the full triple of labels marks a tool; a paragraph may be one of the words by bad luck."""
    left = [*LEFT, "Community", "Panel ship", "Entry", "Reviewer", "Community"]
    assert read_page(page(left=left), "page.txt").tools[0].description.endswith("Reviewer\n\nCommunity")
    assert read_page(page(left=left), "page.txt").tools[1].name == "Right"


@pytest.mark.parametrize("shown", [str.upper, str.lower])
def test_labels_in_any_case(shown: Callable[[str], str]) -> None:
    """A style sheet may show labels in capitals, and copying keeps them."""
    lines = [
        shown(line) if line in {"Panel ship", "Community", "Entry", "Reviewer scorecard"} else line
        for line in PAGE
    ]
    assert read_page("\n".join(lines), "page.txt") == read_page(page(), "page.txt")


@pytest.mark.parametrize(
    ("index", "line", "field"),
    [
        (0, 1, None),
        (1, 7, "blurb"),
        (2, 7, "blurb"),
        (3, 7, "blurb"),
        (6, 7, "blurb"),
        (7, 7, "tools[0].panel_ship"),
        (9, 10, "tools[0].community"),
        (11, 12, "tools[0].entry"),
        (12, 13, "tools[0].description"),
        (13, 13, "tools[0].description"),
        (17, 17, "tools[1].panel_ship"),
        (19, 20, "tools[1].community"),
        (21, 22, "tools[1].entry"),
        (24, 30, "reviews"),
        (29, 30, "reviews"),
    ],
)
def test_a_missing_line_is_named(index: int, line: int, field: str | None) -> None:
    """When one line of the form is missing, the error says where it should have stood."""
    error = refused("\n".join([*PAGE[:index], *PAGE[index + 1 :]]))
    assert (error.line, error.field) == (line, field)


@pytest.mark.parametrize(
    ("quotes", "line"),
    [
        (["Great tool."], 26),
        (["“One.”", "The Builder"], 27),
        (["“One.”", "“Two."], 27),
        (["“One.” “Two.”"], 26),
        (["“One.” — Ann", "“Two.”"], 26),
        (["“”"], 26),
        (['"'], 26),
        (['“One."'], 26),
        (["Two.”"], 26),
    ],
)
def test_text_that_is_no_quote_is_refused(quotes: list[str], line: int) -> None:
    """Between scorecard and footer stand quotes only: anything else would shift the sides unseen."""
    error = refused(page(quotes))
    assert (error.line, error.field) == (line, "reviews")


@pytest.mark.parametrize("name", ["Left", "LEFT", "ＬＥＦＴ"])
def test_a_tool_against_itself_is_refused(name: str) -> None:
    """A comparison has two tools, whatever the case and spaces of their names."""
    error = refused(page(right=swapped(RIGHT, 1, name)))
    assert (error.line, error.field) == (15, "tools[1].name")


@pytest.mark.parametrize("name", ["\u2063", "\u3164", "\u2800\u200b\u2800", "\u202e"])
def test_a_name_that_cannot_be_seen_is_refused(name: str) -> None:
    """Readers would find a gap where a tool should be."""
    error = refused(page(right=swapped(RIGHT, 1, name)))
    assert (error.line, error.field) == (15, "tools[1].name")
    assert f"found only U+{ord(name[0]):04X}" in error.message


@pytest.mark.parametrize("name", ["\u2063C", "7", "+", "語", "🦎", "👩‍💻", "❤\ufe0f", "\u200fשם"])
def test_a_name_that_can_be_seen_is_kept(name: str) -> None:
    """A letter, a digit or a sign is enough, in any alphabet."""
    assert read_page(page(right=swapped(RIGHT, 1, name)), "page.txt").tools[1].name == name.strip("\u200f")


def test_a_third_tool_is_refused() -> None:
    """A page compares two tools, and the error names the third."""
    error = refused(page(right=[*RIGHT, *swapped(LEFT, 1, "Third")]))
    assert (error.line, error.field) == (26, "tools")
    assert "Third" in error.message


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("", 1, "AI tool comparison"),
        ("\ufeff\n \r\n\u200b", 1, "AI tool comparison"),
        ("hello\nworld", 1, "hello"),
        (page() + "\n" + page(), 32, "one page"),
        ("AI tool comparison\nA\x00B", 2, "NUL"),
        ("AI tool comparison\nA\ud800B", 2, "surrogate"),
        ("AI tool comparison\nTitle", 2, "two tools"),
    ],
)
def test_what_is_no_page_is_refused(text: str, line: int, part: str) -> None:
    """Empty files, other texts, two pages in one and binary junk are answered in words."""
    error = refused(text)
    assert (error.line, part in error.message) == (line, True), error


@pytest.mark.parametrize(("index", "limit"), [(0, 300), (1, 300), (2, 1000), (7, 300), (9, 20_000)])
def test_length_limits(index: int, limit: int) -> None:
    """A text at its limit is read, one character more is refused with a short excerpt."""
    read_page(page(left=swapped(LEFT, index, "x" * limit)), "page.txt")
    error = refused(page(left=swapped(LEFT, index, "x" * (limit + 1))))
    assert error.line == 4 + index
    assert str(limit) in error.message
    assert len(error.message) < 200


def test_long_titles_and_emoji_are_fine() -> None:
    """A title of 300 characters with joined emoji comes through unharmed."""
    title = "👩‍💻🏳️‍🌈 " + "wide " * 58 + "ende👩‍💻"
    assert read_page(page().replace(HEAD[1], title), "page.txt").title == title


def test_breaks_and_control_characters_inside_a_line_become_spaces() -> None:
    """No line separator or control character reaches a title."""
    assert (
        read_page(page().replace(HEAD[1], "A\u2028B\u2029C\x0bD\x1bE\x85F"), "page.txt").title
        == "A B C D E F"
    )


def test_line_numbers_count_blank_lines() -> None:
    """Errors point into the file as an editor shows it."""
    spaced = "\n\n" + "\n\n".join(swapped(PAGE, 6, "76"))
    assert refused(spaced).line == 15
    assert read_page(spaced.replace("76", "76%"), "page.txt").line == 3


BREAKS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n \n", "\n\u00a0\r\n"])
TRAILS = st.sampled_from(["", " ", "\t", "\u00a0", "\u202f", "\u200b", "\ufeff", " \u200d ", "\u2060"])
SPACES = st.sampled_from([" ", "\u00a0", "\u202f", "  ", "\t", "\u2009"])


@given(st.data(), st.sampled_from(["", "\ufeff", "\ufeff\n", "\n"]))
def test_copying_leaves_no_traces(data: st.DataObject, start: str) -> None:
    """Byte order marks, line endings, hard spaces and invisible characters change nothing."""
    parts = [start]
    for line in PAGE:
        parts += [line.replace(" ", data.draw(SPACES)), data.draw(TRAILS), data.draw(BREAKS)]
    record = read_page("".join(parts), "page.txt")
    plain = read_page(page(), "page.txt")
    assert (record.title, record.blurb, record.tools) == (plain.title, plain.blurb, plain.tools)


JUNK = st.one_of(st.text(max_size=30), st.sampled_from([*PAGE, "“", "”", '"', "", "—", "0%"]))


@given(st.data())
def test_damaged_pages_are_read_or_refused(data: st.DataObject) -> None:
    """Whatever is dropped, doubled or altered: a record or a SourceError, and nothing else."""
    lines = list(PAGE)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = data.draw(
            st.one_of(st.just([]), st.just([lines[at]] * 2), JUNK.map(lambda x: [x]))
        )
        lines = lines or [""]
    answer_of("\n".join(lines))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but SourceError."""
    answer_of(text)


def answer_of(text: str) -> None:
    """Read the text; only a SourceError that points into it may come of that."""
    try:
        read_page(text, "page.txt")
    except SourceError as misfit:
        error = misfit
    else:
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert error.message.startswith("expected ")
    assert error.line in range(1, len(lines) + 1)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_pages(path: Path) -> None:
    """Each of our own sample pages reads, with four reviewers for either tool."""
    record = read_page(path.read_text("utf-8"), str(path))
    assert [len(tool.reviews) for tool in record.tools] == [4, 4]
    assert record.title == " vs ".join(tool.name for tool in record.tools)


def test_the_examples_repeat_and_change() -> None:
    """One tool stands in three pages of the first week, unchanged; another moves in the second."""
    weeks: dict[str, list[ToolRecord]] = {"week-1": [], "week-2": []}
    for path in EXAMPLES:
        weeks[path.parent.name] += read_page(path.read_text("utf-8"), str(path)).tools
    yardsticks = [tool for tool in weeks["week-1"] if tool.name.startswith("Yardstick")]
    assert (len(yardsticks), len(set(yardsticks))) == (3, 1)
    before = {tool.name: tool.panel_ship for tool in weeks["week-1"]}
    moved = [
        tool.name for tool in weeks["week-2"] if before.get(tool.name, tool.panel_ship) != tool.panel_ship
    ]
    assert moved == ["Kitebench"]


AXOLOTL = ("Axolotl v0.16", "15x faster MoE+LoRA", 75, "Paid", 1306, "1abb0b166b78", "78c13e091c66")
CLAUDE = ("Claude 4 Sonnet", "1M token context", 100, "Paid", 292, "5714a0d286b5", "32407710bf7e")
HAIKU = (
    "Claude Haiku Open Weights",
    "Anthropic's first open",
    50,
    "Free",
    342,
    "c90d8b32dfe3",
    "0ae5a429e311",
)
LLAMA = ("Llama 4 Compact (12B)", "Meta's 12B", 100, "Free", 302, "0869db3d5056", "79ed4d169b07")
MISTRAL_NAME = "Mistral 3 8B & 70B Instruct (Open Source)"
MISTRAL = (MISTRAL_NAME, "Apache 2.0", 75, "Free", 511, "afb9d234d7f6", "4276a3ca35ea")
SAM = (
    "SAM 3 (Segment Anything Model 3)",
    "Real-time video",
    100,
    "Free",
    374,
    "6a7ca8d93aae",
    "3405ce0a7d11",
)
Facts = tuple[str, str, int, str, int, str, str]


def published(pattern: str) -> list[ComparisonRecord]:
    """The real pages, where the folder beside this repository holds them."""
    if not PUBLISHED.is_dir():
        pytest.skip("../shared/pages is not here: the five published pages cannot be checked")
    return [read_page(path.read_text("utf-8"), path.name) for path in sorted(PUBLISHED.glob(pattern))]


def fingerprint(text: str) -> str:
    """A text told by twelve digits, so that it need not stand here."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("number", "left", "right"),
    [
        ("000", CLAUDE, AXOLOTL),
        ("001", HAIKU, AXOLOTL),
        ("002", AXOLOTL, LLAMA),
        ("003", AXOLOTL, MISTRAL),
        ("004", AXOLOTL, SAM),
    ],
)
def test_the_published_pages(number: str, left: Facts, right: Facts) -> None:
    """Every field of the five real pages; fingerprints tell that each quote went to its own tool."""
    (record,) = published(f"{number}_*.txt")
    assert record.title == f"{left[0]} vs {right[0]}"
    assert (len(record.blurb), fingerprint(record.blurb)) == (132, "e0d307969078")
    for tool, (name, tagline, ship, entry, length, description, quotes) in zip(
        record.tools, (left, right), strict=True
    ):
        assert (tool.name, tool.category, tool.panel_ship) == (name, "Developer Tools", ship)
        assert (tool.community, tool.entry, len(tool.description)) == (None, entry, length)
        assert tool.tagline.startswith(tagline)
        assert fingerprint(tool.description) == description
        assert [review.position for review in tool.reviews] == [1, 2, 3, 4]
        assert fingerprint("\n".join(said(tool))) == quotes


def test_the_published_tool_that_stands_everywhere() -> None:
    """The tool in all five pages is the same to the last character, whichever side it stands on."""
    tools = [
        tool for record in published("*.txt") for tool in record.tools if tool.name.startswith("Axolotl")
    ]
    assert len(tools) == 5
    assert len(set(tools)) == 1
