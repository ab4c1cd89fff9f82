"""The settings of the relays that take our mail, and of how fast they get it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from digest.config.group import Group
from digest.config.kinds import Domain, Line, domain_name, is_loopback
from digest.errors import ConfigError

# Groups whose domains delivery/destinations.py knows; a test holds the two together.
PROVIDERS = (
    "apple",
    "comcast",
    "gmx",
    "google",
    "mailru",
    "microsoft",
    "orange",
    "proton",
    "yahoo",
    "yandex",
)
OTHERS = "*"

PerSecond = Annotated[float, Field(ge=0.001, le=10_000)]
PerHour = Annotated[float, Field(ge=1, le=36_000_000)]


class Access(Group):
    """One relay and how it is entered."""

    host: Line = Field("localhost", min_length=1)
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    allow_plaintext: bool = False
    username: Line | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _plaintext_stays_home(self) -> Self:
        if self.security == "none" and not self.allow_plaintext and not is_loopback(self.host):
            raise ValueError(
                'security = "none" is for loopback hosts only; allow_plaintext = true lifts that'
            )
        return self

    def secret(self, name: str = "smtp") -> str | None:
        """The password, from the settings or from `password_file` (its first line).

        `name` is this table's, for the ConfigError of a file that cannot be read.
        """
        if self.password_file:
            try:
                return self.password_file.read_text().partition("\n")[0].strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{name}.password_file: {self.password_file}: {error}") from error
        return self.password.get_secret_value() if self.password else None

    def authorities(self, name: str = "smtp") -> Path | None:
        """`ca_file`, once it has been read; raises ConfigError when that cannot be done."""
        if self.ca_file:
            import ssl  # most commands get by without it

            try:
                ssl.create_default_context(cafile=str(self.ca_file))
            except OSError as error:
                raise ConfigError(f"{name}.ca_file: {self.ca_file}: {error}") from error
        return self.ca_file


class Fallback(Access):
    """A relay that is used while those before it fail."""

    host: Line = Field(min_length=1)


class Destination(Group):
    """The pace towards one provider, one domain, or each that is not named."""

    per_second: PerSecond | None = None
    per_hour: PerHour | None = None
    domains: tuple[Domain, ...] = ()

    @model_validator(mode="after")
    def _paced(self) -> Self:
        if self.per_second is None and self.per_hour is None:
            raise ValueError("expected per_second, per_hour or both")
        return self


def _destination(value: str) -> str:
    """A provider's or group's name, a domain, or `*`."""
    known = value == OTHERS or re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", value)
    if not known and ("." not in value or domain_name(value) != value):
        raise ValueError('expected a name such as "google", a domain such as "example.org", or "*"')
    return value


class Smtp(Access):
    """The relay that takes the mail from us."""

    connections: int = Field(4, ge=1, le=100)
    per_connection: int = Field(100, ge=1, le=1_000_000)
    per_second: PerSecond | None = None
    per_hour: PerHour | None = None
    warm_up: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(max_length=366)] = ()
    destinations: Mapping[Annotated[str, AfterValidator(_destination)], Destination] = Field(
        default_factory=dict
    )
    fallback: Annotated[tuple[Fallback, ...], Field(max_length=9)] = ()

    @model_validator(mode="after")
    def _one_pace_for_each_domain(self) -> Self:
        named = {name for name in self.destinations if "." in name}
        for name, destination in self.destinations.items():
            _require_group(name, destination)
            if twice := sorted(named & set(destination.domains)):
                raise ValueError(f"destinations: {twice[0]} is named twice; a domain has one pace")
            named |= set(destination.domains)
        return self


def _require_group(name: str, destination: Destination) -> None:
    """Only groups have domains, and a group that is not a known provider needs some."""
    if name == OTHERS or "." in name:
        if destination.domains:
            raise ValueError(f'destinations: "{name}" takes no domains; give a group of them a name')
    elif name not in PROVIDERS and not destination.domains:
        known = ", ".join(PROVIDERS)
        raise ValueError(f"destinations: {name} is none of {known}; a group of your own needs domains")
