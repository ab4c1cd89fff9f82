"""Read `digest.toml`, lay the environment over it, and check the whole once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from digest.config.settings import Settings
from digest.errors import ConfigError

RESERVED_VARIABLES = {"DIGEST_CONFIG"}
LISTS = {"retry_after"}  # written with commas in the environment
FOLDERS = ("templates", "pages")  # of [newsletter]
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
    """Whether `path` is a group and a key in it, or one of the numbered signing keys."""
    group = Settings.model_fields.get(path[0])
    if group is None or len(path) < 2 or path[1] not in _fields(group.annotation):
        return False
    return len(path) == (3 if path[1] == "signing" else 2)


def _fields(annotation: Any) -> set[str]:
    return set(annotation.model_fields)


def _put(data: dict[str, Any], path: list[str], value: str) -> None:
    table = data
    for step in path[:-1]:
        below = table.setdefault(step, {})
        if not isinstance(below, dict):
            return  # the file's own mistake, named when the whole is checked
        table = below
    if not value:
        table.pop(path[-1], None)  # an empty variable means the default
    elif path[-1] in LISTS:
        table[path[-1]] = [part.strip() for part in value.split(",")]
    else:
        table[path[-1]] = value


def _explain(error: Any, file: Path, text: str, environ: Mapping[str, str]) -> str:
    path = [str(step) for step in error["loc"]]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such setting"
    shown = (
        ""
        if _secret(path, error) or isinstance(error.get("input"), dict | BaseModel)
        else f", not {_shortened(repr(error['input']))}"
    )
    return f"{_where(path, file, text, environ)}: {message}{shown}"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _secret(path: list[str], error: Any) -> bool:
    """Whether the value is a secret, or may be one under a name that nobody knows."""
    named = path[0] == "keys" or path in (["smtp", "password"], ["database", "url"])
    return named or len(path) == 1 or error["type"] == "extra_forbidden"


def _where(path: list[str], file: Path, text: str, environ: Mapping[str, str]) -> str:
    """A setting's place, which is its variable or its line in the file, and its name."""
    variable, line = "DIGEST_" + "__".join(path[:2]).upper(), _line_of(text, path)
    place = variable if variable in environ else f"{file}:{line}" if line else str(file)
    return f"{place}: {'.'.join(path)}"


def _line_of(text: str, path: list[str]) -> int | None:
    """The 1-based line where `[group]` sets `key`, or where the group starts."""
    table, found = "", None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
        table = header[1] if header else table
        if header and table == path[0]:
            found = number
        key = re.match(r"""\s*["']?([\w.-]+)["']?\s*=""", line)
        full = f"{table}.{key[1]}" if key and table else key[1] if key else ""
        if len(path) > 1 and full == ".".join(path[:2]):
            return number
        if not table and full.split(".")[0] == path[0]:
            found = found or number
    return found


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
    return settings.model_copy(update={"newsletter": newsletter, "database": database, **files})


def _from_home(group: BaseModel, names: tuple[str, ...], home: Path) -> BaseModel:
    return group.model_copy(update={name: home / value for name in names if (value := getattr(group, name))})
