"""Finds the folders that travel with the package: templates, reader pages, migrations, examples."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from digest.errors import ConfigError

Folder = Literal["email", "subscribers", "alembic", "examples"]

_PACKAGE = Path(__file__).resolve().parent
_IN_CHECKOUT: dict[str, str] = {
    "email": "templates/email",
    "subscribers": "subscribers",
    "alembic": "alembic",
    "examples": "examples",
}


def bundled(name: Folder) -> Path:
    """The folder called `name`: inside an installed package, else in the checkout around it."""
    places = (_PACKAGE / "_bundled" / name, _PACKAGE.parents[1] / _IN_CHECKOUT[name])
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError(f"the bundled folder {name!r} is missing: looked at {places[0]} and {places[1]}")
