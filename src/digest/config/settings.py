"""Every setting: its group, type, default and bounds. docs/settings.md tells what each is for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from digest.config.group import Group
from digest.config.kinds import (
    LABEL,
    BaseUrl,
    Domain,
    Line,
    ListId,
    Mailbox,
    Network,
    Span,
    TimeOfDay,
    Weekday,
    Zone,
)
from digest.config.looks import Colours, Theme, Wording
from digest.config.signup import Signup
from digest.config.smtp import Smtp
from digest.errors import ConfigError
from digest.mailbox import LONGEST_LOCAL
from digest.tokens import TAG_LENGTH, Keyring


def _taggable(value: str) -> str:
    """An address that a reader's tag can be written into, and that needs no escapes in a URL."""
    if not re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{TAGGABLE - 1}}}@[A-Za-z0-9._-]+", value):
        raise ValueError(
            f'expected an address such as "leave@example.org", with at most {TAGGABLE} letters, digits, '
            "dots and hyphens before the @: a reader's tag is put behind them"
        )
    return value


TAGGABLE: Final = LONGEST_LOCAL - len("+") - TAG_LENGTH  # characters before the @
LeavingAddress = Annotated[Mailbox, AfterValidator(_taggable)]


class Newsletter(Group):
    """Who sends what."""

    name: Line = Field("Weekly AI Tool Verdicts", min_length=1)
    sender: Mailbox = "Weekly AI Tool Verdicts <digest@example.org>"
    reply_to: Mailbox | None = None
    unsubscribe_address: LeavingAddress | None = None
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
    trusted_proxies: tuple[Network, ...] = ()


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


MOST_KEYS = 255  # the number is one byte of every token
KEYS_EXPECTED = f"keys.signing: expected numbers 0–{MOST_KEYS}, each with a hexadecimal key"


def _key_number(name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", name, re.ASCII) or int(name) > MOST_KEYS:
        raise ConfigError(KEYS_EXPECTED)
    return int(name)


def _key_bytes(key: SecretStr) -> bytes:
    try:
        found = bytes.fromhex(key.get_secret_value())
    except ValueError as error:
        raise ConfigError(KEYS_EXPECTED) from error
    if len(found) < 16:
        raise ConfigError("keys.signing: there is no usable key; `digest init` writes fresh ones")
    return found


class Keys(Group):
    """Secrets that `digest init` made: signing keys by number, the highest one in use.

    `current` is the number of the one in use instead, while a new one is made known to every machine.
    """

    signing: Mapping[str, SecretStr] = Field(default_factory=dict)
    suppression: SecretStr = SecretStr("")
    current: int | None = None

    def keyring(self) -> Keyring:
        """The signing keys; raises ConfigError when there are none or one is malformed."""
        keys: dict[int, bytes] = {}
        for name, key in self.signing.items():
            number = _key_number(name)
            if number in keys:
                raise ConfigError(f"keys.signing: the number {number} stands there twice")
            keys[number] = _key_bytes(key)
        if not keys:
            raise ConfigError("keys.signing: there is no usable key; `digest init` writes fresh ones")
        if self.current is not None and self.current not in keys:
            raise ConfigError(f"keys.current: there is no signing key {self.current}")
        return Keyring(keys, max(keys) if self.current is None else self.current)

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
    signup: Signup = Signup()
    keys: Keys = Keys()
