"""What the desk works with: the parts as settings and templates are now, and the looks made with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from digest.app.looking import Look, coming_key, look
from digest.app.parts import App
from digest.clock import Clock
from digest.config import Settings
from digest.db import Database
from digest.db.revisions import require_current
from digest.db.watching import DataWatch
from digest.desk.watching import TABLES, folder_state
from digest.errors import ConfigError, DigestError
from digest.rendering.environment import template_folders

KEPT_SECONDS: Final = 30  # what time alone may change: a week that is not planned yet, a failure
KEPT_LOOKS: Final = 8

OpenSettings = Callable[[], Settings]


@dataclass(frozen=True, slots=True)
class State:
    """Settings, and the templates' files as they are."""

    settings: Settings
    templates: object


@dataclass(frozen=True, slots=True)
class Parts:
    """One state, and the parts made for it; `number` tells states apart."""

    app: App
    watch: DataWatch
    state: State
    number: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A state that no parts could be made for: what was wrong, and when (monotonic seconds)."""

    state: State
    message: str
    at: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A look, the parts it was made with, and the state of the world it belongs to."""

    app: App
    look: Look
    signature: str
    made: float

    def holds(self, signature: str) -> bool:
        """Whether it is still what is there: a week that is not planned yet changes as time goes by."""
        lasts = self.look.edition["version"] > 0 or time.monotonic() - self.made <= KEPT_SECONDS
        return self.signature == signature and lasts


class Workbench:
    """Holds the parts and makes them anew whenever a setting or a template changes.

    Settings that cannot be read, or whose database cannot, are told in `problem`; the last good ones stay.
    """

    def __init__(self, open_settings: OpenSettings, clock: Clock) -> None:
        """Raises ConfigError where the settings are broken from the start."""
        self._open_settings = open_settings
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: dict[str, Shown] = {}
        self._turns: dict[str, threading.Lock] = {}
        self._failure: Failure | None = None
        self.problem: str | None = None
        self._parts = self._build(_state(open_settings()), None)

    def app(self) -> App:
        """The parts as of now."""
        return self._refreshed().app

    def look(self, key: str | None) -> Shown:
        """An edition as it stands, by default the coming one; made once for each state of everything."""
        key = key or coming_key(self.app())
        with self._turn(key):  # who asks while it is being made waits for it
            parts = self._refreshed()
            signature = self._signature(parts)
            shown = self._looks.get(key)
            if shown is None or not shown.holds(signature):
                shown = Shown(parts.app, look(parts.app, key), signature, time.monotonic())
                self._keep(key, shown)
            return shown

    def signature(self) -> str:
        """A short text that changes whenever settings, templates or data do."""
        return self._signature(self._refreshed())

    def close(self) -> None:
        """Give every connection back."""
        self._parts.watch.close()
        self._parts.app.database.close()

    def _turn(self, key: str) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(key, threading.Lock())

    def _keep(self, key: str, shown: Shown) -> None:
        with self._lock:
            self._looks.pop(key, None)
            while len(self._looks) >= KEPT_LOOKS:
                del self._looks[next(iter(self._looks))]
            self._looks[key] = shown

    def _signature(self, parts: Parts) -> str:
        state = f"{parts.number} {self.problem} {parts.watch.version()}"
        return blake2b(state.encode("utf-8", "replace"), digest_size=9).hexdigest()

    def _refreshed(self) -> Parts:
        with self._lock:
            settings, problem = self._settings()
            try:
                self._take(_state(settings))
            except DigestError as error:
                problem = str(error)
                self._take(_state(self._parts.app.settings))  # templates are followed all the same
            self.problem = problem
            return self._parts

    def _settings(self) -> tuple[Settings, str | None]:
        """The settings as they stand, or the last good ones and what is wrong with the new."""
        try:
            return self._open_settings(), None
        except DigestError as error:
            return self._parts.app.settings, str(error)

    def _take(self, state: State) -> None:
        """Make parts for another state; what failed is not tried again at once: a database may be slow."""
        if state == self._parts.state:
            return
        failure = self._failure
        if failure and failure.state == state and time.monotonic() - failure.at <= KEPT_SECONDS:
            raise ConfigError(failure.message)
        try:
            self._parts = self._build(state, self._parts)
        except DigestError as error:
            self._failure = Failure(state, str(error), time.monotonic())
            raise

    def _build(self, state: State, before: Parts | None) -> Parts:
        """New parts; the database's connections stay while the setting does."""
        url = state.settings.database.url
        if before and before.app.settings.database.url == url:
            database, watch = before.app.database, before.watch
        else:
            database = _open(url)
            watch = DataWatch(database, TABLES)
        if before and before.watch is not watch:
            before.watch.close()
            before.app.database.close()
        app = App(state.settings, self._clock, database)
        return Parts(app, watch, state, before.number + 1 if before else 1)


def _state(settings: Settings) -> State:
    folders = template_folders(settings.newsletter.templates)
    return State(settings, [folder_state(folder) for folder in folders])


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
