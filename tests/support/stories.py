"""Made-up tools and comparisons to tell stories with."""

from __future__ import annotations

from digest.editions.story import Comparison, Quote, Tool
from digest.rendering.branding import Branding

MARKER = "m0c5f2a9e71b3d864"
BRANDING = Branding(
    name="Weekly Verdicts",
    postal_address="1 Example Street, 10115 Berlin",
    operator="Verdict Makers",
    base_url="https://news.example.org",
)


def tool(name: str, panel_ship: int | None = 75, *, quotes: int = 4, **facts: object) -> Tool:
    """A tool whose every field says whose it is."""
    said = tuple(
        Quote(f"Quote {number} on {name} is here. It has a second sentence.") for number in range(quotes)
    )
    values: dict[str, object] = {
        "slug": name.lower().replace(" ", "-"),
        "category": f"Category of {name}",
        "tagline": f"Tagline of {name}",
        "description": f"Description of {name}.",
        "community": None,
        "entry": "Paid",
        "quotes": said,
    }
    return Tool(name=name, panel_ship=panel_ship, **{**values, **facts})  # type: ignore[arg-type]


def versus(left: Tool, right: Tool) -> Comparison:
    """The two side by side."""
    slug = f"{left.slug}-vs-{right.slug}"[:80]
    url = f"https://site.example.org/compare/{number_of(slug)}"
    return Comparison(slug, f"{left.name} vs {right.name}", "Which one?", url, left, right)


def number_of(text: str) -> int:
    """A number for a text, the same in every run."""
    return sum(position * ord(character) for position, character in enumerate(text, 1))
