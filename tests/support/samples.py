"""Emails made from pages: from our own samples, and from the real ones where they lie beside the clone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from io import BytesIO
from pathlib import Path

from digest.bundled import bundled
from digest.content.records import ComparisonRecord, ToolRecord
from digest.content.slugs import slugify
from digest.content.sources import read_sources
from digest.editions.story import Comparison, Quote, Story, Tool, Update
from digest.editions.telling import abridged, build_story
from digest.rendering.branding import Branding
from digest.rendering.languages import ENGLISH, Language, read_languages
from digest.rendering.notices import NOTICES
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from tests.support.stories import MARKER

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "examples" / "pages"
PUBLISHED = ROOT.parent / "shared" / "pages"
NO_PUBLISHED = "../shared/pages, the real pages, is not beside this clone"

KEY = "2026-W47"
BRAND = Branding(
    name="Weekly AI Tool Verdicts",
    postal_address="12 Example Street, 10115 Berlin",
    operator="The Verdict Desk",
    base_url="https://verdicts.example.org",
)
HEBREW = replace(BRAND, name="שבועון הכלים", operator="מערכת השבועון", language="he")
INTRO = """\
## A word before

**Two** weeks ago we promised [a second look](https://verdicts.example.org/promise) at a favourite. Here:

1. the panel asked the same questions,
2. and got *other* answers.

> We would rather be late than wrong.

- Prices are those of `Tuesday`.
- Nobody paid for a place.
"""
UPDATES = (
    Update("Saltbox Ledger", "entry", "Paid", "Freemium"),
    Update("Third Inkwell", "panel ship", "50%", "75%"),
    Update("Quillhaven Drafts", "community", "—", "71%"),
)


@cache
def comparisons(folder: Path) -> tuple[Comparison, ...]:
    """What the pages in the folder say, in the order of their names."""
    read = list(read_sources([str(folder)], BytesIO()))
    return tuple(_comparison(record) for record in read if isinstance(record, ComparisonRecord))


def editions() -> Mapping[str, tuple[Branding, Story]]:
    """An edition for each thing that a template can do."""
    first, second = comparisons(PAGES / "week-1"), comparisons(PAGES / "week-2")
    both = build_story(KEY, [*first, *second])
    return {
        "yardstick": (BRAND, build_story(KEY, first)),
        "pairs": (BRAND, build_story(KEY, first[3:])),
        "abridged": (BRAND, abridged(both, cards=1, lines=3, rows=5)),
        "updates": (BRAND, build_story(KEY, second, intro=INTRO, updates=UPDATES)),
        "right-to-left": (HEBREW, build_story(KEY, _in_hebrew(first[4]))),
        "voices": (BRAND, build_story(KEY, [_with_verdicts(first[4])])),
        "nothing": (BRAND, build_story(KEY, [])),
    }


def mails() -> dict[str, Callable[[], Rendered]]:
    """Every email of ours by name, each rendered when it is called."""
    made: dict[str, Callable[[], Rendered]] = {}
    for name, (brand, story) in editions().items():
        made[f"edition-{name}"] = partial(Renderer(brand).edition, story, MARKER)
    renderer = Renderer(BRAND, None, languages())
    for name in NOTICES:
        for code in languages():
            said = name if code == ENGLISH else f"{name}.{code}"
            made[said] = partial(renderer.notice, name, {}, MARKER, code)
    return made


@cache
def languages() -> Mapping[str, Language]:
    """The bundled ones."""
    return read_languages([bundled("subscribers")])


def published() -> Rendered:
    """An edition of the real pages."""
    return Renderer(BRAND).edition(build_story(KEY, comparisons(PUBLISHED)), MARKER)


def _comparison(record: ComparisonRecord) -> Comparison:
    left, right = map(_tool, record.tools)
    slug = f"{left.slug}-vs-{right.slug}"
    url = record.url or f"{BRAND.base_url}/comparisons/{slug}"
    return Comparison(slug, record.title, record.blurb, url, left, right)


def _tool(record: ToolRecord) -> Tool:
    return Tool(
        slug=record.slug or slugify(record.name),
        name=record.name,
        category=record.category,
        tagline=record.tagline,
        description=record.description,
        panel_ship=record.panel_ship,
        community=record.community,
        entry=record.entry,
        quotes=tuple(Quote(review.quote, review.reviewer, review.verdict) for review in record.reviews),
    )


def _with_verdicts(comparison: Comparison) -> Comparison:
    """The same as a source tells it that names its reviewers, and chosen by an editor."""
    verdicts = ("ship", "skip", "ship", None)
    names = ("Ada Quill", None, "Noor", "Théo")
    said = tuple(
        replace(quote, reviewer=name, verdict=verdict)
        for quote, name, verdict in zip(comparison.left.quotes, names, verdicts, strict=True)
    )
    left = replace(comparison.left, quotes=said, chosen=(2, 1, 4))
    return replace(comparison, left=left, right=replace(comparison.right, panel_ship=None, quotes=()))


def _in_hebrew(comparison: Comparison) -> list[Comparison]:
    """A Hebrew tool beside a Latin one, and against another."""
    said = (Quote("הכלי קרא את כל התיקייה לפני שנגע בשורה. עכשיו אני סומך עליו."), Quote("Too dear for us."))
    tool = replace(
        comparison.left,
        slug="et-sofer",
        name="עט סופר 3",
        category="כתיבה",
        tagline="כותב טיוטות ומסמן בשוליים את מה שאינו יודע",
        description="עט סופר כותב טיוטה ראשונה מתוך הרשימות שלכם.",
        entry="חינם",
        quotes=said * 2,
    )
    other = replace(comparison.left, slug="other", name="Other Quill", quotes=said[1:] * 4)
    return [replace(comparison, left=tool), replace(comparison, left=other, right=tool)]
