"""The command line: parses words, calls one function, shows the answer. Commands are imported when used."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from digest import __version__
from digest.cli.pipes import nobody_reads
from digest.errors import ConfigError, DigestError

# name → (module, attribute, one line for the overview, which must not cost an import)
COMMANDS = {
    "init": ("setup", "init", "Write digest.toml with fresh keys and create the database."),
    "demo": ("demo", "demo", "Run the whole journey on sample pages, with no server needed."),
    "import": ("content", "import_", "Read comparisons from pages, HTML, JSON or JSON Lines."),
    "comparisons": ("content", "comparisons", "List, show, withdraw comparisons."),
    "edition": ("editions", "edition", "Plan, show, edit, approve, skip, cancel editions."),
    "preview": ("preview", "preview", "Look at the coming edition exactly as readers will get it."),
    "run": ("sending", "run", "The weekly run: plan, freeze, send what is due."),
    "send": ("sending", "send", "Send or resume one approved edition now."),
    "pause": ("sending", "pause", "Stop sending an edition until it is resumed."),
    "resume": ("sending", "resume", "Let a paused edition go on."),
    "cancel": ("editions", "cancel", "Stop an edition for good."),
    "test-send": ("test_send", "test_send", "Mail an edition to the editors' own addresses."),
    "status": ("sending", "status", "Where everything stands and what needs a person."),
    "subscribers": ("subscribers", "subscribers", "Import, add, show, list, suppress, erase readers."),
    "feedback": ("feedback", "feedback", "Read mail that asks to be taken off the list."),
    "serve": ("serving", "serve", "The web application behind readers' links."),
    "schedule": ("serving", "schedule", "Call the weekly run once a minute; it knows what is due."),
    "keys": ("keys", "keys", "List and rotate the keys that sign readers' links."),
    "db": ("setup", "db", "Upgrade or check the database's tables."),
}


def _is_text(word: str) -> bool:
    """Whether an argument was written in this terminal's encoding; Python marks bytes that were not."""
    return not any("\udc80" <= character <= "\udcff" for character in word)


class _Lazy(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"digest.cli.{module}"), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry[2]) for name, entry in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for word in args:
            if not _is_text(word):
                raise click.UsageError(f"expected UTF-8 text, not {word!r}", ctx)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DigestError as error:
            click.echo(f"digest: {error}", err=True)
            ctx.exit(78 if isinstance(error, ConfigError) else 1)
        except OSError as error:
            if isinstance(error, BrokenPipeError) and nobody_reads():
                raise  # which click answers with exit code 1 and no word
            click.echo(f"digest: {error}", err=True)
            ctx.exit(1)
        except Exception as error:
            if not type(error).__module__.startswith("sqlalchemy.exc"):
                raise
            click.echo(f"digest: the database: {getattr(error, 'orig', None) or error}", err=True)
            ctx.exit(1)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="digest")
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    envvar="DIGEST_CONFIG",
    help="The settings file; by default DIGEST_CONFIG, else ./digest.toml.",
)
@click.option("--verbose", "-v", is_flag=True, help="Log every delivery.")
@click.pass_context
def cli(ctx: click.Context, config: str | None, verbose: bool) -> None:
    """A weekly digest: picks what is new, lays it out as one email, sends it once.

    Exit codes: 0 done or nothing due; 1 failed; 2 wrong use; 75 some deliveries wait for a retry
    (call again); 78 configuration.
    """
    from digest.logs import configure_logs

    configure_logs(verbose)
    ctx.obj = config


def main() -> None:
    """The entry point of the `digest` command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not end a run
    cli(prog_name="digest")
