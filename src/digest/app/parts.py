"""The composition root: every part, built from the settings in one visible place, closed in reverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from functools import cached_property
from zoneinfo import ZoneInfo

from digest.audience.limits import Allowances
from digest.audience.suppressing import Suppressions
from digest.bundled import bundled
from digest.clock import Clock, SystemClock
from digest.config import WEEKDAYS, Settings
from digest.config.smtp import Access
from digest.db import Database
from digest.db.revisions import require_current
from digest.delivery.signing import Signer, make_signer
from digest.delivery.smtp import Relay
from digest.editions.selecting import Rules
from digest.editions.story import Story
from digest.editions.weeks import Rhythm
from digest.rendering.branding import Branding
from digest.rendering.languages import Language, read_languages
from digest.rendering.rendered import Rendered
from digest.rendering.renderer import Renderer
from digest.rendering.theme import DARK, LIGHT, Logo, Theme, Wording
from digest.tokens import Keyring, Reread, content_marker


@dataclass
class App:
    """The parts, made when first asked for, so that a command pays only for what it uses."""

    settings: Settings
    clock: Clock
    database: Database
    reread: Reread | None = field(default=None, kw_only=True)

    @cached_property
    def keyring(self) -> Keyring:
        """Signs and reads the tokens in readers' links; also of keys that were added since."""
        return replace(self.settings.keys.keyring(), reread=self.reread)

    @cached_property
    def suppressions(self) -> Suppressions:
        """The list of those who must never be mailed."""
        return Suppressions(self.settings.keys.suppression_key())

    @cached_property
    def allowances(self) -> Allowances:
        """How often the form was used, by whom and for whom."""
        return Allowances(self.settings.keys.suppression_key())

    def require_keys(self) -> None:
        """Raise ConfigError unless links can be signed and read, and suppressions looked up."""
        _ = self.keyring, self.suppressions

    @property
    def rhythm(self) -> Rhythm:
        """When editions are due."""
        schedule = self.settings.schedule
        return Rhythm(ZoneInfo(schedule.timezone), WEEKDAYS.index(schedule.weekday), schedule.time)

    @property
    def rules(self) -> Rules:
        """How much an edition holds."""
        schedule = self.settings.schedule
        return Rules(schedule.min_items, schedule.max_items, schedule.max_item_age)

    @cached_property
    def renderer(self) -> Renderer:
        """Turns stories and notices into subject, HTML and text."""
        return Renderer(self.branding, self.settings.newsletter.templates, self.languages)

    @cached_property
    def languages(self) -> Mapping[str, Language]:
        """What pages and notices can be said in, by code; raises ConfigError for a broken catalog."""
        return read_languages([*filter(None, [self.settings.newsletter.pages]), bundled("subscribers")])

    def render(self, story: Story) -> Rendered:
        """A story as subject, HTML and text, with the marker of its edition."""
        return self.renderer.edition(story, self.marker(story.key))

    def marker(self, name: str) -> str:
        """What stands for readers' own links in the edition of this key, or in `notice:confirm`."""
        return content_marker(self.settings.keys.suppression_key(), name)

    @property
    def branding(self) -> Branding:
        """Names, addresses and language as templates see them."""
        newsletter = self.settings.newsletter
        return Branding(
            name=newsletter.name,
            operator=newsletter.operator,
            postal_address=newsletter.postal_address,
            language=newsletter.language,
            base_url=self.settings.web.base_url,
            theme=theme_of(self.settings),
        )

    @cached_property
    def signer(self) -> Signer | None:
        """Signs mail with DKIM; None leaves that to the relay."""
        sender = parseaddr(self.settings.newsletter.sender)[1]
        return make_signer(self.settings.dkim, sender.rpartition("@")[2])

    @property
    def relay(self) -> Relay:
        """The server that takes the mail from us; the first in order of preference."""
        return relay_of(self.settings.smtp, "smtp")

    @property
    def relays(self) -> tuple[Relay, ...]:
        """That one, and those that are used while it fails."""
        fallback = enumerate(self.settings.smtp.fallback)
        return self.relay, *(relay_of(one, f"smtp.fallback.{number}") for number, one in fallback)


def relay_of(access: Access, name: str) -> Relay:
    """The relay of one table of the settings, which `name` is the name of."""
    return Relay(
        host=access.host,
        port=access.port,
        security=access.security,
        username=access.username,
        password=access.secret(name),
        ca_file=access.authorities(name),
    )


def theme_of(settings: Settings) -> Theme:
    """The looks that the settings ask for, over the usual ones."""
    asked = settings.theme.model_dump(exclude_none=True)
    logo = Logo(*(asked.pop(name, None) for name in ("logo", "logo_width", "logo_height")))
    fonts = {name: asked.pop(name) for name in ("headings", "text") if name in asked}
    return Theme(
        light=replace(LIGHT, **asked),
        dark=replace(DARK, **settings.theme_dark.model_dump(exclude_none=True)),
        logo=logo if logo.url else None,
        wording=Wording(**settings.wording.model_dump(exclude_none=True)),
        **fonts,
    )


@contextmanager
def open_app(
    settings: Settings, clock: Clock | None = None, *, reread: Reread | None = None
) -> Iterator[App]:
    """Build the parts and close them in reverse; a database of another version is refused.

    `reread` gives the signing keys as the settings have them by now.
    """
    database = Database(settings.database.url)
    try:
        require_current(database)
        yield App(settings, clock or SystemClock(), database, reread=reread)
    finally:
        database.close()
