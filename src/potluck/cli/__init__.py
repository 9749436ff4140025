"""The `potluck` command. Each command's module is loaded only when it is used, so that `serve` stays small."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from potluck import __version__
from potluck.settings import SettingsError, current

_COMMANDS = {
    "serve": ("potluck.cli.serving", "serve"),
    "web": ("potluck.cli.serving", "web"),
    "engine": ("potluck.cli.serving", "engine"),
    "db": ("potluck.cli.database", "db"),
    "search": ("potluck.cli.search", "search"),
    "media": ("potluck.cli.media", "media"),
    "backup": ("potluck.cli.backups", "backup"),
    "restore": ("potluck.cli.backups", "restore"),
    "admin": ("potluck.cli.admin", "admin"),
    "doctor": ("potluck.cli.doctor", "doctor"),
    "demo": ("potluck.cli.demo", "demo"),
    "settings": ("potluck.cli.show_settings", "settings"),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command with this name, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="potluck")
def cli() -> None:
    """Potluck, an ActivityPub server. Settings come from POTLUCK_… variables and potluck.toml."""
    current()


def main(arguments: list[str] | None = None) -> Any:
    """Entry point: settings that cannot be used end the program with their text, not with a trace."""
    try:
        return cli(arguments, prog_name="potluck")
    except SettingsError as error:
        click.echo(f"potluck: {error}", err=True)
        sys.exit(os.EX_CONFIG)
