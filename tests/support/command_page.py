"""Writes docs/commands.md from what the commands say about themselves: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from digest.cli import cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
WIDTH = 78  # what click uses at a terminal of 80 columns or more

HEAD = """\
# Commands

Every command as `--help` prints it. `make docs` writes this page; edit the help texts instead.

"""


def contexts(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[click.Context]:
    """The command's context and those of everything below it, in the order of the help."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True, terminal_width=WIDTH)
    yield context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            if found := command.get_command(context, below):
                yield from contexts(found, below, context)


def command_page() -> str:
    """The whole page."""
    return HEAD + "\n".join(_section(context) for context in contexts(cli, "digest"))


def _section(context: click.Context) -> str:
    path = context.command_path
    level = "#" * min(3, 1 + len(path.split()))
    return f"{level} `{path}`\n\n```text\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(command_page(), encoding="utf-8")
