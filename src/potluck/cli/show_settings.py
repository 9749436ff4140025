"""`potluck settings`: what is configured, and the reference."""

from __future__ import annotations

from dataclasses import fields

import click

from potluck.settings import Settings, current


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def reference() -> str:
    """The table of all settings in Markdown."""
    lines = ["| Setting | Environment | Default | Meaning |", "| --- | --- | --- | --- |"]
    for item in fields(Settings):
        default = _shown(item.default)
        lines.append(f"| `{item.name}` | `POTLUCK_{item.name.upper()}` | {f'`{default}`' if default else ''} |"
                     f" {item.metadata['doc']} |")
    return "\n".join(lines)


@click.command()
@click.option("--reference", "as_reference", is_flag=True, help="Print the table of all settings in Markdown.")
def settings(as_reference: bool) -> None:
    """Show the settings in force; secrets are hidden."""
    if as_reference:
        click.echo(reference())
        return
    for item in fields(Settings):
        value = getattr(current(), item.name)
        shown = "(hidden)" if item.metadata["secret"] and value else _shown(value)
        click.echo(f"{item.name} = {shown}")
