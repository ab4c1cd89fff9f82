"""Read `digest.toml`, lay the environment over it, and check the whole once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from digest.config.kinds import in_words
from digest.config.lines import line_of
from digest.config.settings import Settings
from digest.config.smtp import Destination, Fallback
from digest.errors import ConfigError

RESERVED_VARIABLES = {"DIGEST_CONFIG"}
LISTS = {"domains", "retry_after", "trusted_proxies", "warm_up"}  # written with commas in the environment
FOLDERS = ("templates", "pages")  # of [newsletter]
TABLES = {"destinations", "fallback", "signing"}  # settings that are tables themselves
RELAYS = frozenset("123456789")  # the relays to fall back on, as variables number them
FILES = {"smtp": ("password_file", "ca_file"), "dkim": ("key_file", "ed25519_key_file")}
LONGEST_SHOWN = 100  # characters of a wrong value that its error repeats


def settings_file(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The file that settings are read from, whether it is there or not."""
    return path or Path(environ.get("DIGEST_CONFIG") or "digest.toml")


def load_settings(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings file and the environment, which wins.

    Without `path`, `DIGEST_CONFIG` names the file, else `digest.toml` in the current folder if it is there.
    Raises ConfigError naming file, line, key and what was expected.
    """
    file = settings_file(path, environ)
    text = _read(file, required=path is not None or bool(environ.get("DIGEST_CONFIG")))
    data = _parse(text, file)
    _overlay(data, environ)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(e, file, text, environ) for e in error.errors())) from error
    settings = _anchored(settings, file)
    for name in FOLDERS:
        folder = getattr(settings.newsletter, name)
        if folder and not folder.is_dir():
            where = _where(["newsletter", name], file, text, environ)
            raise ConfigError(f"{where}: there is no folder {folder}")
    return settings


def _read(file: Path, required: bool) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        if required:
            raise ConfigError(f"{file}: there is no such settings file; `digest init` writes one") from error
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from error


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Lay `DIGEST_GROUP__KEY` variables over the file; an unknown one is an error, not a silence."""
    for name, value in sorted(environ.items()):
        if not name.startswith("DIGEST_") or name in RESERVED_VARIABLES or name.startswith("DIGEST_TEST_"):
            continue
        path = name.removeprefix("DIGEST_").lower().split("__")
        if not _known(path):
            raise ConfigError(f"{name}: there is no such setting")
        _put(data, path, value)


def _known(path: list[str]) -> bool:
    """Whether `path` is a group and a key in it, or a key of one of the tables below."""
    match path:
        case ["smtp", "destinations", _, key]:
            return key in Destination.model_fields
        case ["smtp", "fallback", number, key]:
            return number in RELAYS and key in Fallback.model_fields
        case ["keys", "signing", _]:
            return True
        case [group, key] if key not in TABLES and (known := Settings.model_fields.get(group)):
            return key in _fields(known.annotation)
    return False


def _fields(annotation: Any) -> set[str]:
    return set(annotation.model_fields)


def _put(data: dict[str, Any], path: list[str], value: str) -> None:
    table: Any = data
    for step in path[:-1]:
        table = _below(table, step, make=bool(value))
    if not isinstance(table, dict):
        return  # nothing to take away, or the file's own mistake, named when the whole is checked
    if not value:
        table.pop(path[-1], None)  # an empty variable means the default
    elif path[-1] in LISTS:
        table[path[-1]] = [part.strip() for part in value.split(",")]
    else:
        table[path[-1]] = value


def _below(table: Any, step: str, make: bool) -> Any:
    """What stands in `table` under `step`, and where nothing does an empty table, if asked for.

    In a list of relays `step` is a number from 1.
    """
    if isinstance(table, list) and step in RELAYS:
        number = int(step)
        if make:
            table.extend({} for _ in range(number - len(table)))
        return table[number - 1] if number <= len(table) else None
    if not isinstance(table, dict):
        return None
    if make:
        return table.setdefault(step, [] if step == "fallback" else {})
    return table.get(step)


def _explain(error: Any, file: Path, text: str, environ: Mapping[str, str]) -> str:
    path = [str(step) for step in error["loc"] if step != "[key]"]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such setting"
    shown = (
        ""
        if _secret(path, error) or isinstance(error.get("input"), dict | BaseModel)
        else f", not {_shortened(_as_written(error['input']))}"
    )
    return f"{_where(path, file, text, environ)}: {message}{shown}"


def _as_written(value: object) -> str:
    return f'"{in_words(value)}"' if isinstance(value, timedelta) else repr(value)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _secret(path: list[str], error: Any) -> bool:
    """Whether the value is a secret, or may be one under a name that nobody knows."""
    named = path[0] == "keys" or path[-1] == "password" or path == ["database", "url"]
    relay = path[:2] == ["smtp", "fallback"] and len(path) < 4
    return named or relay or len(path) == 1 or error["type"] == "extra_forbidden"


def _where(path: list[str], file: Path, text: str, environ: Mapping[str, str]) -> str:
    """A setting's place, which is its variable or its line in the file, and its name."""
    variable, line = _variable_of(path, environ), line_of(text, path)
    place = variable or (f"{file}:{line}" if line else str(file))
    return f"{place}: {'.'.join(path)}"


def _variable_of(path: list[str], environ: Mapping[str, str]) -> str | None:
    """The variable that a setting came from, if it came from one."""
    steps = [*path]
    if path[:2] == ["smtp", "fallback"] and len(path) > 2:
        steps[2] = str(int(path[2]) + 1)
    names = ("DIGEST_" + "__".join(steps[:length]).upper() for length in range(len(steps), 1, -1))
    return next((name for name in names if name in environ), None)


def _anchored(settings: Settings, file: Path) -> Settings:
    """Relative paths are relative to the settings file, whatever folder cron starts in."""
    home = file.resolve().parent
    url = settings.database.url or "sqlite:///digest.db"
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    relative = re.fullmatch(r"sqlite:///(?!/)(.+)", url)
    if relative and relative[1] != ":memory:":
        url = f"sqlite:///{quote(str(home))}/{relative[1]}"
    if url in ("sqlite://", "sqlite:///", "sqlite:///:memory:"):
        raise ConfigError("database.url: a database in memory cannot be shared by the parts; name a file")
    newsletter = _from_home(settings.newsletter, FOLDERS, home)
    database = settings.database.model_copy(update={"url": url})
    files = {group: _from_home(getattr(settings, group), names, home) for group, names in FILES.items()}
    fallback = tuple(_from_home(one, FILES["smtp"], home) for one in settings.smtp.fallback)
    files["smtp"] = files["smtp"].model_copy(update={"fallback": fallback})
    return settings.model_copy(update={"newsletter": newsletter, "database": database, **files})


def _from_home(group: BaseModel, names: tuple[str, ...], home: Path) -> BaseModel:
    return group.model_copy(update={name: home / value for name in names if (value := getattr(group, name))})
