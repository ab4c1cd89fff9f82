"""The demo's own settings and database, made from the template that `digest init` writes."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from digest.config import Settings, load_settings
from digest.config.template import settings_template
from digest.db import Database, migrations
from digest.errors import DigestError

HOST: Final = "127.0.0.1"


def set_up(folder: Path, smtp_port: int) -> Settings:
    """Write digest.toml with fresh keys, create the database, and return the settings.

    Only that file counts: what the operator has in the environment stays out of it.
    """
    file = folder / "digest.toml"
    template = settings_template(secrets.token_hex(32), secrets.token_hex(32))
    text = filled(template, _values(smtp_port, free_port()))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    settings = load_settings(file, {})
    database = Database(settings.database.url)
    migrations.upgrade(database)
    database.close()
    return settings


def filled(template: str, values: Mapping[str, str | int]) -> str:
    """The template with these values (`group.key`) in place of its commented defaults."""
    lines, group, missing = [], "", set(values)
    for line in template.splitlines():
        header = re.fullmatch(r"\[(\w+)\]", line)
        group = header[1] if header else group
        key = re.match(r"# (\w+) = ", line)
        name = f"{group}.{key[1]}" if key else ""
        lines.append(f"{key[1]} = {json.dumps(values[name])}" if key and name in values else line)
        missing.discard(name)
    if missing:
        raise DigestError(f"the settings template has no {', '.join(sorted(missing))}")
    return "\n".join(lines) + "\n"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _values(smtp_port: int, web_port: int) -> dict[str, str | int]:
    return {
        "newsletter.operator": "The demo's editors",
        "newsletter.postal_address": "1 Example Street, 10115 Berlin, Germany",
        "web.base_url": f"http://{HOST}:{web_port}",
        "web.port": web_port,
        "smtp.host": HOST,
        "smtp.port": smtp_port,
        "smtp.security": "none",
    }
