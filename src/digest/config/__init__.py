"""The settings: `digest.toml`, then `DIGEST_*` variables, checked once into one frozen object."""

from digest.config.kinds import WEEKDAYS
from digest.config.loading import load_settings
from digest.config.settings import Settings

__all__ = ["WEEKDAYS", "Settings", "load_settings"]
