"""Comparisons in the database, on both engines: new, changed, the same again, and refused."""

from __future__ import annotations

import io
import json
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from digest.content.importing import Report
from digest.content.listing import as_json, get_comparison, list_comparisons
from digest.content.models import Comparison, FactChange, Review, Tool
from digest.content.records import ReviewRecord
from digest.content.records_json import read_json
from digest.content.slugs import distinct_slug, name_key, slugify
from digest.content.sources import read_sources
from digest.errors import SourceError
from tests.support.newsrooms import DAY, HOUR, TUESDAY, Newsroom, newsroom, tool, versus

PAGES = Path(__file__).resolve().parents[3] / "shared" / "pages"


def outcome(report: Report) -> dict[str, list[str]]:
    """What an import did, without what it did not."""
    found = {
        "imported": report.imported,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "rejected": [str(error) for error in report.rejected],
    }
    return {name: slugs for name, slugs in found.items() if slugs}


def history(room: Newsroom) -> list[tuple[str, str, str | None, str | None]]:
    """Every fact that moved, in order: tool, fact, before, after."""
    with room.app.database.read() as session:
        query = select(Tool.slug, FactChange).join(Tool).order_by(FactChange.id)
        return [(slug, one.field, one.before, one.after) for slug, one in session.execute(query)]


def shown(room: Newsroom, slug: str) -> dict[str, object]:
    """A comparison as the outside sees it."""
    with room.app.database.read() as session:
        return as_json(get_comparison(session, slug))


def exported(room: Newsroom) -> str:
    """What `digest comparisons list --json` prints."""
    with room.app.database.read() as session:
        return json.dumps([as_json(one) for one in list_comparisons(session, withdrawn=True)])


def slugs_of(room: Newsroom) -> dict[str, str]:
    """Each tool's slug by its name."""
    with room.app.database.read() as session:
        return {one.name: one.slug for one in session.scalars(select(Tool))}


# --- new, unchanged, updated ---


def test_a_new_comparison_is_stored_whole(room: Newsroom) -> None:
    """Every field of the record comes out again."""
    slug = room.publish(
        tool("Axolotl", 100, community=7), tool("Newt", None, entry=None), url="https://a.example/x"
    )
    assert shown(room, slug) == {
        "slug": "axolotl-vs-newt",
        "title": "Axolotl vs Newt",
        "blurb": "Which one?",
        "url": "https://a.example/x",
        "published_at": "2026-11-17T09:00:00Z",
        "tools": [
            {
                "slug": name.lower(),
                "name": name,
                "category": "Tools",
                "tagline": f"{name} helps",
                "description": "First.\n\nSecond.",
                "panel_ship": panel,
                "community": community,
                "entry": entry,
                "reviews": [
                    {"position": 1, "reviewer": "Ada", "verdict": "ship", "quote": f"{name} is quick."},
                    {"position": 2, "reviewer": None, "verdict": None, "quote": "Not cheap."},
                ],
            }
            for name, panel, community, entry in [("Axolotl", 100, 7, "Free"), ("Newt", None, None, None)]
        ],
    }
    assert history(room) == []


def test_importing_again_changes_nothing_and_says_so(room: Newsroom) -> None:
    """A day later, not one column of one row has moved."""
    room.bring(versus("Axolotl", "Newt"))
    before = room.rows()
    room.clock.advance(DAY)
    assert outcome(room.bring(versus("Axolotl", "Newt"))) == {"unchanged": ["axolotl-vs-newt"]}
    assert room.rows() == before


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"panel_ship": 100}, [("panel_ship", "75", "100")]),
        ({"panel_ship": None}, [("panel_ship", "75", None)]),
        ({"panel_ship": 0}, [("panel_ship", "75", "0")]),
        ({"community": 60}, [("community", None, "60")]),
        ({"entry": "Paid"}, [("entry", "Free", "Paid")]),
        (
            {"panel_ship": 1, "community": 0, "entry": None},
            [("panel_ship", "75", "1"), ("community", None, "0"), ("entry", "Free", None)],
        ),
        ({"tagline": "Swims"}, []),
        ({"description": "Other."}, []),
        ({"category": "Pets"}, []),
        ({"name": "AXOLOTL"}, []),
        ({"reviews": ()}, []),
        (
            {"reviews": (ReviewRecord(1, "Not cheap."), ReviewRecord(2, "Axolotl is quick.", "Ada", "ship"))},
            [],
        ),
    ],
)
def test_a_changed_page_updates(
    change: dict[str, object], moved: list[tuple[str, str | None, str | None]], room: Newsroom
) -> None:
    """The new value is stored; of a fact, the old one is kept with the time; then it is unchanged."""
    room.bring(versus("Axolotl", "Newt"))
    room.clock.advance(HOUR)
    values: dict[str, object] = {"name": "Axolotl", **change}
    changed = versus(tool(**values), "Newt", title="Axolotl vs Newt")  # type: ignore[arg-type]
    assert outcome(room.bring(changed)) == {"updated": ["axolotl-vs-newt"]}
    assert history(room) == [("axolotl", *one) for one in moved]
    with room.app.database.read() as session:
        assert all(one.changed_at == TUESDAY + HOUR for one in session.scalars(select(FactChange)))
    assert outcome(room.bring(changed)) == {"unchanged": ["axolotl-vs-newt"]}
    assert len(history(room)) == len(moved)
    assert room.count(Review) == 2 + len(changed.tools[0].reviews)


@pytest.mark.parametrize(
    "change",
    [
        {"blurb": "Neither."},
        {"url": "https://a.example/y"},
        {"title": "A duel"},
        {"published_at": TUESDAY - DAY},
    ],
)
def test_a_changed_comparison_updates(change: dict[str, object], room: Newsroom) -> None:
    """Its own words, address and time."""
    room.bring(versus("Axolotl", "Newt"))
    assert outcome(room.bring(versus("Axolotl", "Newt", **change))) == {"updated": ["axolotl-vs-newt"]}
    assert outcome(room.bring(versus("Axolotl", "Newt", **change))) == {"unchanged": ["axolotl-vs-newt"]}


def test_the_other_way_round_is_the_same_comparison(room: Newsroom) -> None:
    """Saying the same changes nothing, and saying something else updates the one row there is."""
    room.bring(versus("Axolotl", "Newt"))
    before = room.rows()
    assert outcome(room.bring(versus("Newt", "Axolotl"))) == {"unchanged": ["axolotl-vs-newt"]}
    assert room.rows() == before
    report = room.bring(versus(tool("Newt", 5), "Axolotl"))
    assert outcome(report) == {"updated": ["axolotl-vs-newt"]}
    stored = shown(room, "axolotl-vs-newt")
    assert stored["title"] == "Axolotl vs Newt"
    assert [one["panel_ship"] for one in stored["tools"]] == [75, 5]  # type: ignore[attr-defined]
    assert room.count(Comparison) == 1


# --- one row for each tool ---


def test_a_tool_is_one_row_in_all_its_comparisons(room: Newsroom) -> None:
    """What one page says of it, the other comparison shows as well."""
    room.bring(versus("Axolotl", "Newt"), versus(tool("axolotl ", 100), "Frog"))
    assert room.count(Tool) == 3
    facts = [one["panel_ship"] for one in shown(room, "axolotl-vs-newt")["tools"]]  # type: ignore[attr-defined]
    assert facts == [100, 75]


def test_a_stale_page_does_not_flip_facts_back_and_forth(room: Newsroom) -> None:
    """Two pages disagree about one tool: the later word stays, however often both are imported again."""
    folder = (versus("Axolotl", "Newt"), versus(tool("Axolotl", 100), "Frog"))
    room.bring(*folder)
    before = room.rows()
    for _ in range(3):
        room.clock.advance(DAY)
        assert outcome(room.bring(*folder)) == {"unchanged": ["axolotl-vs-newt", "axolotl-vs-frog"]}
    assert room.rows() == before
    assert history(room) == [("axolotl", "panel_ship", "75", "100")]


def test_an_export_imported_again_is_unchanged(room: Newsroom) -> None:
    """The JSON that we print is the JSON that we read, with stale pages, odd names and all."""
    room.bring(
        versus("Axolotl", "C", title="Which one should you ship?"),
        versus(tool("C++", 100, community=3, entry=None), tool("Axolotl", 100)),
        versus("日本", "Ünïcode ✨", url="https://a.example/?q=1&r=2", blurb="One.\n\nTwo."),
        published_at=TUESDAY - DAY,
    )
    text = exported(room)
    room.clock.advance(DAY)
    records = list(read_json(text, "export.json"))
    assert outcome(room.bring(*records)) == {"unchanged": [one["slug"] for one in json.loads(text)]}
    assert exported(room) == text
    assert len(history(room)) == 1


def test_an_export_moves_to_another_installation(room: Newsroom, tmp_path: Path) -> None:
    """Slugs, times and all."""
    room.bring(versus("Axolotl", "C", slug="first"), versus("C++", "C#"), published_at=TUESDAY - DAY)
    with newsroom(f"sqlite:///{tmp_path / 'other.db'}", TUESDAY + DAY) as other:
        other.bring(*reversed(list(read_json(exported(room), "export.json"))))
        assert sorted(json.loads(exported(other)), key=str) == sorted(json.loads(exported(room)), key=str)


@pytest.mark.skipif(not PAGES.is_dir(), reason="../shared is not beside this clone")
def test_the_real_pages(room: Newsroom) -> None:
    """Five pages that share a tool: five comparisons, and nothing new the second time."""
    records = list(read_sources([str(PAGES)], io.BytesIO()))
    assert len(room.bring(*records).imported) == 5
    assert room.count(Comparison) == 5
    before = room.rows()
    room.clock.advance(DAY)
    assert len(room.bring(*reversed(records)).unchanged) == 5
    assert room.rows() == before


# --- names and slugs ---


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Claude 4 Sonnet", "claude-4-sonnet"),
        ("Axolotl v0.16", "axolotl-v0-16"),
        ("  Ünïcode -- Tool!! ", "unicode-tool"),
        ("C++", "c"),
        ("x" * 300, "x" * 80),
        ("a" * 79 + " b", "a" * 79),
    ],
)
def test_a_name_in_an_address(name: str, slug: str) -> None:
    """ASCII, lower case, never empty, never long, no hyphen at the ends."""
    assert slugify(name) == slug


@pytest.mark.parametrize("name", ["日本", "😀", "!!", "—"])
def test_a_name_of_which_nothing_remains(name: str) -> None:
    """A short hash stands for it, another one for each name."""
    assert re.fullmatch(r"x-[0-9a-f]{6}", slugify(name))
    assert slugify(name) != slugify(name + name)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Claude 4", "claude  4", True),
        ("Claude 4", "\uff23laude\u00a04 ", True),
        ("Cafe\u0301", "Caf\u00e9", True),
        ("STRASSE", "straße", True),
        ("C", "C++", False),
        ("GPT-4", "GPT 4", False),
    ],
)
def test_what_makes_two_names_one(one: str, other: str, same: bool) -> None:
    """Case, width and spaces make no tool; every other character does."""
    assert (name_key(one) == name_key(other)) is same


@pytest.mark.parametrize(
    "names",
    [
        ("C", "C++", "C#"),
        ("C++", "C", "C#"),
        ("日本", "中国", "한국"),
        ("Tool", "Tool!", "Tööl"),
        ("😀", "😁", "!!"),
        ("x" * 90, "x" * 91, "x" * 92),
    ],
)
def test_names_that_look_alike_in_an_address(names: tuple[str, str, str], room: Newsroom) -> None:
    """Each tool has a slug of its own, the first one the plain one, and keeps it."""
    first, second, third = names
    pages = (versus(first, second), versus(second, third), versus(third, first))
    assert len(room.bring(*pages).imported) == 3
    slugs = slugs_of(room)
    assert len(set(slugs.values())) == 3
    assert slugs[first] == slugify(first)
    assert slugs[second] in (slugify(second), distinct_slug(second))
    assert len(room.bring(*pages).unchanged) == 3
    assert slugs_of(room) == slugs


def test_two_comparisons_with_one_slug(room: Newsroom) -> None:
    """Whether a source says so or the names fall together, the second gets another."""
    report = room.bring(
        versus("A", "B-vs-C"),
        versus("A-vs-B", "C"),
        versus("D", "E", slug="a-vs-b-vs-c"),
        versus("F", "G", slug="own"),
    )
    assert len(set(report.imported)) == 4
    assert (report.imported[0], report.imported[3]) == ("a-vs-b-vs-c", "own")


def test_a_slug_says_that_a_name_is_new(room: Newsroom) -> None:
    """The same slug under another name is the same tool renamed, in all its comparisons."""
    room.bring(versus("Axolotl", "Newt"), versus("Axolotl", "Frog"))
    report = room.bring(versus(tool("Ambystoma", slug="axolotl"), "Newt"))
    assert outcome(report) == {"updated": ["axolotl-vs-newt"]}
    assert slugs_of(room) == {"Ambystoma": "axolotl", "Newt": "newt", "Frog": "frog"}
    assert shown(room, "axolotl-vs-newt")["title"] == "Ambystoma vs Newt"
    assert room.bring(versus("Ambystoma", "Frog")).updated == ["axolotl-vs-frog"]
    assert room.count(Tool) == 3


# --- refused ---


@pytest.mark.parametrize(
    ("left", "right"),
    [
        # a new name that is another tool's, after the first tool was already changed
        (tool("Axolotl", 1), tool("Frog", slug="newt")),
        (tool("Frog", 1, slug="axolotl"), tool("Newt", 2)),
        # one tool twice: known, new, under two spellings, under two slugs
        (tool("Axolotl", 1), tool("AXOLOTL", 2)),
        (tool("Olm", 1), tool("olm", 2)),
        (tool("Caf\u00e9"), tool("Cafe\u0301")),
        (tool("Olm"), tool("\uff2flm")),
        (tool("Olm", slug="olm"), tool("Eft", slug="olm")),
        (tool("Axolotl", slug="axolotl"), tool("Eft", slug="axolotl")),
        (tool("Axolotl", 1), tool("Eft", 2, slug="axolotl")),
    ],
)
def test_a_bad_record_leaves_nothing_half_stored(left: object, right: object, room: Newsroom) -> None:
    """It is refused with its place; its good neighbours are stored as if it had not been there."""
    room.bring(versus("Axolotl", "Newt"), versus("Frog", "Toad"))
    before = room.rows()
    bad = versus(left, right, source="week.json", line=7)  # type: ignore[arg-type]
    report = room.bring(bad)
    assert len(report.rejected) == 1
    assert str(report.rejected[0]).startswith("week.json:7: tools")
    assert "expected" in report.rejected[0].message
    assert room.rows() == before
    report = room.bring(versus("Left", "Right"), bad, versus("Up", "Down"))
    assert outcome(report).keys() == {"imported", "rejected"}
    assert report.imported == ["left-vs-right", "up-vs-down"]


def test_what_the_reader_refused_is_passed_on(room: Newsroom) -> None:
    """An error in the stream is reported in its place and costs no neighbour."""
    error = SourceError("week.json", 3, "title", "expected a string")
    records = [versus("Axolotl", "Newt"), error, versus("Frog", "Toad")]
    report = room.bring(*records)  # type: ignore[arg-type]
    assert report.rejected == [error]
    assert len(report.imported) == 2


# --- when it was published ---


def test_when_it_was_published(room: Newsroom) -> None:
    """The source's word, else the operator's, else now; later imports move it only if the source says so."""
    said, given = TUESDAY - 3 * DAY, TUESDAY - DAY
    room.bring(versus("A", "B", published_at=said), versus("C", "D"), published_at=given)
    room.bring(versus("E", "F"))

    def times() -> list[timedelta]:
        with room.app.database.read() as session:
            rows = session.scalars(select(Comparison).order_by(Comparison.slug))
            return [row.published_at - TUESDAY for row in rows]

    assert times() == [-3 * DAY, -DAY, timedelta()]
    room.clock.advance(DAY)
    room.bring(
        *(versus(*pair, blurb="New.") for pair in [("A", "B"), ("C", "D")]), published_at=TUESDAY - 5 * DAY
    )
    room.bring(versus("E", "F", published_at=TUESDAY - 2 * DAY))
    assert times() == [-3 * DAY, -DAY, -2 * DAY]


# --- at once ---


def test_two_imports_of_the_same_pages_at_once(room: Newsroom, database_url: str) -> None:
    """No error, no duplicate; one of them imported each page and the other found it unchanged."""
    pages = [versus("Axolotl", f"Tool {number}") for number in range(15)]
    start = threading.Barrier(2)
    reports: list[Report] = []

    def load(records: list[object]) -> None:
        with newsroom(database_url) as own:
            start.wait(30)
            reports.append(own.bring(*records))  # type: ignore[arg-type]

    threads = [threading.Thread(target=load, args=(order,)) for order in (pages, pages[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [one.rejected for one in reports] == [[], []]
    assert sorted(reports[0].imported + reports[1].imported) == sorted(
        {*reports[0].imported, *reports[1].imported}
    )
    assert [len(one.imported) + len(one.unchanged) for one in reports] == [15, 15]
    assert (room.count(Comparison), room.count(Tool), room.count(FactChange)) == (15, 16, 0)
