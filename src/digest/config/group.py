"""What every table of the settings file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """A table of the settings file: closed, and fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
