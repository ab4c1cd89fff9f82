"""What the desk works with: the parts as settings and templates are now, and the looks made with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from digest.app.looking import Look, look
from digest.app.parts import App
from digest.bundled import bundled
from digest.clock import Clock
from digest.config import Settings
from digest.db import Database
from digest.db.revisions import require_current
from digest.desk.watching import DataWatch, folder_state
from digest.errors import ConfigError, DigestError

KEPT_SECONDS: Final = 30  # a week that is not planned yet changes as time goes by
KEPT_LOOKS: Final = 8

OpenSettings = Callable[[], Settings]


@dataclass(frozen=True, slots=True)
class Parts:
    """One state of settings and templates, and the parts made for it; `number` tells states apart."""

    app: App
    watch: DataWatch
    templates: object
    number: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A look, the parts it was made with, and the state of the world it belongs to."""

    app: App
    look: Look
    signature: str


class Workbench:
    """Holds the parts and makes them anew whenever a setting or a template changes.

    Settings that cannot be read are told in `problem`, and the last good ones stay.
    """

    def __init__(self, open_settings: OpenSettings, clock: Clock) -> None:
        """Raises ConfigError where the settings are broken from the start."""
        self._open_settings = open_settings
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: dict[str | None, tuple[float, Shown]] = {}
        self.problem: str | None = None
        self._parts = self._build(open_settings(), None)

    def app(self) -> App:
        """The parts as of now."""
        return self._refreshed().app

    def look(self, key: str | None) -> Shown:
        """An edition as it stands; made once for each state of settings, templates and data."""
        parts = self._refreshed()
        signature = self._signature(parts)
        made, shown = self._looks.get(key, (0.0, None))
        if shown is None or shown.signature != signature or time.monotonic() - made > KEPT_SECONDS:
            shown = Shown(parts.app, look(parts.app, key), signature)
            self._keep(key, shown)
        return shown

    def signature(self) -> str:
        """A short text that changes whenever settings, templates or data do."""
        return self._signature(self._refreshed())

    def close(self) -> None:
        """Give every connection back."""
        self._parts.watch.close()
        self._parts.app.database.close()

    def _keep(self, key: str | None, shown: Shown) -> None:
        with self._lock:
            while len(self._looks) >= KEPT_LOOKS:
                del self._looks[next(iter(self._looks))]
            self._looks[key] = time.monotonic(), shown

    def _signature(self, parts: Parts) -> str:
        state = f"{parts.number} {self.problem} {parts.watch.version()}"
        return blake2b(state.encode("utf-8", "replace"), digest_size=9).hexdigest()

    def _refreshed(self) -> Parts:
        with self._lock:
            settings, problem = self._settings()
            if settings != self._parts.app.settings or _templates(settings) != self._parts.templates:
                try:
                    self._parts = self._build(settings, self._parts)
                except DigestError as error:
                    problem = str(error)
            self.problem = problem
            return self._parts

    def _settings(self) -> tuple[Settings, str | None]:
        """The settings as they stand, or the last good ones and what is wrong with the new."""
        try:
            return self._open_settings(), None
        except DigestError as error:
            return self._parts.app.settings, str(error)

    def _build(self, settings: Settings, before: Parts | None) -> Parts:
        """New parts; the database's connections stay while the setting does."""
        if before and before.app.settings.database.url == settings.database.url:
            database, watch = before.app.database, before.watch
        else:
            database = _open(settings.database.url)
            watch = DataWatch(database)
        if before and before.watch is not watch:
            before.watch.close()
            before.app.database.close()
        app = App(settings, self._clock, database)
        return Parts(app, watch, _templates(settings), before.number + 1 if before else 1)


def template_folders(settings: Settings) -> list[Path]:
    """Where templates are looked for, the operator's own folder first."""
    return [folder for folder in (settings.newsletter.templates, bundled("email")) if folder is not None]


def _templates(settings: Settings) -> object:
    return [folder_state(folder) for folder in template_folders(settings)]


def _open(url: str) -> Database:
    database = Database(url)
    try:
        require_current(database)
    except SQLAlchemyError as error:
        database.close()
        raise ConfigError(f"database.url: the database does not answer ({type(error).__name__})") from error
    except ConfigError:
        with suppress(SQLAlchemyError):
            database.close()
        raise
    return database
