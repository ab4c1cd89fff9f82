"""Every setting: its group, type, default and bounds. docs/settings.md tells what each is for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from digest.config.group import Group
from digest.config.kinds import LABEL, BaseUrl, Domain, Line, ListId, Mailbox, Span, TimeOfDay, Weekday, Zone
from digest.config.looks import Colours, Theme, Wording
from digest.config.smtp import Smtp
from digest.errors import ConfigError
from digest.tokens import Keyring


class Newsletter(Group):
    """Who sends what."""

    name: Line = Field("Weekly AI Tool Verdicts", min_length=1)
    sender: Mailbox = "Weekly AI Tool Verdicts <digest@example.org>"
    reply_to: Mailbox | None = None
    operator: Line = "The editors"
    postal_address: Line = ""
    list_id: ListId = ""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    templates: Path | None = None
    pages: Path | None = None


class Web(Group):
    """Where readers' links lead, and where the web application listens."""

    base_url: BaseUrl = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)


class Database(Group):
    """Where everything is kept."""

    url: str = Field("", repr=False)  # may hold a password


def _selector(value: str) -> str:
    if not re.fullmatch(rf"(?=.{{1,200}}\Z){LABEL}(\.{LABEL})*", value):
        raise ValueError('expected letters, digits, hyphens and dots, such as "digest2026" (RFC 6376 §3.1)')
    return value.lower()


Selector = Annotated[str, AfterValidator(_selector)]


class Dkim(Group):
    """The keys that mails are signed with; without any the relay is to sign."""

    domain: Domain | None = None
    selector: Selector | None = None
    key_file: Path | None = None
    ed25519_selector: Selector | None = None
    ed25519_key_file: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        first = [self.domain, self.selector, self.key_file]
        second = [self.ed25519_selector, self.ed25519_key_file]
        if any(first) != all(first):
            raise ValueError("domain, selector and key_file go together")
        if any(second) != all(second) or (any(second) and not any(first)):
            raise ValueError("ed25519_selector and ed25519_key_file go together, beside a first key")
        if self.selector and self.selector == self.ed25519_selector:
            raise ValueError("selector and ed25519_selector are the same; each key needs a name of its own")
        for selector in filter(None, (self.selector, self.ed25519_selector)):
            if len(f"{selector}._domainkey.{self.domain}") > 253:
                raise ValueError("selector and domain are too long for a name in DNS")
        return self


class Schedule(Group):
    """When an edition is due and what goes into it."""

    timezone: Zone = "UTC"
    weekday: Weekday = "thursday"
    time: TimeOfDay = dt.time(9, 0)
    approval: Literal["automatic", "editor"] = "automatic"
    min_items: int = Field(1, ge=1, le=500)
    max_items: int = Field(10, ge=1, le=500)
    max_age: Span = dt.timedelta(days=6)
    max_item_age: Span = dt.timedelta(weeks=8)

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min_items > self.max_items:
            raise ValueError(f"min_items ({self.min_items}) is larger than max_items ({self.max_items})")
        return self


class Delivery(Group):
    """What happens when a delivery does not go through at once."""

    after_crash: Literal["resend", "hold"] = "resend"
    resend_after: Span = dt.timedelta(seconds=10)
    retry_after: tuple[Span, ...] = tuple(dt.timedelta(minutes=m) for m in (5, 30, 60, 120, 240, 480))
    give_up_after: Span = dt.timedelta(days=2)
    linger: Span = dt.timedelta(seconds=30)
    lease: Span = Field(dt.timedelta(seconds=60), ge=dt.timedelta(seconds=5), le=dt.timedelta(days=1))
    batch: int = Field(200, ge=1, le=10_000)
    stop_after_bounces: float = Field(0.1, gt=0, le=1)
    stop_at_least: int = Field(50, ge=1, le=1_000_000)
    patience: Span = dt.timedelta(minutes=15)


class Keys(Group):
    """Secrets that `digest init` made: signing keys by number, the highest one in use."""

    signing: Mapping[str, SecretStr] = Field(default_factory=dict)
    suppression: SecretStr = SecretStr("")

    def keyring(self) -> Keyring:
        """The signing keys; raises ConfigError when there are none or one is malformed."""
        try:
            keys = {
                int(number): bytes.fromhex(key.get_secret_value()) for number, key in self.signing.items()
            }
        except ValueError as error:
            raise ConfigError("keys.signing: expected numbers 0–255, each with a hexadecimal key") from error
        if not keys or any(len(key) < 16 for key in keys.values()) or not all(0 <= n <= 255 for n in keys):
            raise ConfigError("keys.signing: there is no usable key; `digest init` writes fresh ones")
        return Keyring(keys, max(keys))

    def suppression_key(self) -> bytes:
        """The key of suppression hashes; it is never rotated, or those who left would be forgotten."""
        try:
            key = bytes.fromhex(self.suppression.get_secret_value())
        except ValueError as error:
            raise ConfigError("keys.suppression: expected a hexadecimal key") from error
        if len(key) < 16:
            raise ConfigError("keys.suppression: there is no usable key; `digest init` writes a fresh one")
        return key


class Settings(Group):
    """Everything an operator decides."""

    newsletter: Newsletter = Newsletter()
    theme: Theme = Theme()
    theme_dark: Colours = Colours()
    wording: Wording = Wording()
    web: Web = Web()
    database: Database = Database()
    smtp: Smtp = Smtp()
    dkim: Dkim = Dkim()
    schedule: Schedule = Schedule()
    delivery: Delivery = Delivery()
    keys: Keys = Keys()
