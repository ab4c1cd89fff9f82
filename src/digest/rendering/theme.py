"""How the emails look: an operator's colours, typefaces, logo and words, each with a default."""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.rendering.contrast import readable

Colour = str  # #rrggbb


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one mode. `line` parts, `rule` stands beside a quote, `box` lies behind a yardstick;
    `off` is a bar's block that nobody filled.
    """

    paper: Colour
    ink: Colour
    muted: Colour
    line: Colour
    rule: Colour
    box: Colour
    off: Colour
    ship: Colour
    split: Colour
    skip: Colour
    accent: Colour

    def words(self, tone: str) -> Colour:
        """The tone's colour, moved towards black or white until words in it can be read on the paper."""
        colour = {"ship": self.ship, "split": self.split, "skip": self.skip}.get(tone, self.muted)
        return readable(colour, self.paper, self.box)

    @property
    def on_accent(self) -> Colour:
        """Black or white, whichever can be read on a button."""
        return readable("#ffffff", self.accent)


LIGHT = Palette(
    paper="#fdfcf9",
    ink="#16181d",
    muted="#5a6068",
    line="#dedbd2",
    rule="#cbc6b9",
    box="#f1efe8",
    off="#e0dcd2",
    ship="#147a4b",
    split="#b36b00",
    skip="#b3372f",
    accent="#147a4b",
)
DARK = Palette(
    paper="#16181d",
    ink="#eceae4",
    muted="#a9adb5",
    line="#363b44",
    rule="#555b66",
    box="#20242b",
    off="#363b44",
    ship="#4cc38a",
    split="#f2b04a",
    skip="#f07167",
    accent="#1d7a4d",
)


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture instead of the name in the masthead: an https URL, and its size in CSS pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that are ours and not the site's; braces are filled in, a name in them is optional."""

    board: str = "The board"
    ship: str = "Ship it"
    split: str = "Split"
    skip: str = "Skip it"
    none: str = "Still out"
    yardstick: str = "The yardstick"
    against: str = "Against {tool}"
    pairs: str = "Head to head"
    briefly: str = "Also this week"
    updates: str = "Moved since"
    read: str = "Read {comparison}"
    browser: str = "In the browser"
    unsubscribe: str = "Unsubscribe"
    preferences: str = "Preferences"
    why: str = "You get this because you subscribed to {name} at {site}."


@dataclass(frozen=True, slots=True)
class Theme:
    """Everything about the looks that a setting decides."""

    light: Palette = LIGHT
    dark: Palette = DARK
    headings: str = "Georgia,serif"
    text: str = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
    logo: Logo | None = None
    wording: Wording = field(default_factory=Wording)
