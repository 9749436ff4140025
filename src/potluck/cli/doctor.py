"""`potluck doctor`: is everything there, and what to do where it is not."""

from __future__ import annotations

import asyncio
import sys

import click

from potluck.operation.doctor import examine
from potluck.settings import current

_SIGNS = {"good": ("ok", "green"), "warning": ("look", "yellow"), "bad": ("BAD", "red")}


@click.command()
def doctor() -> None:
    """Check configuration, database, address, clock, mail, ffmpeg and sandbox. Ends with 1 if something is broken."""
    findings = asyncio.run(examine(current()))
    for finding in findings:
        word, colour = _SIGNS[finding.state]
        click.echo(f"{click.style(f'{word:>4}', fg=colour)}  {finding.what}: {finding.text}")
        if finding.advice and finding.state != "good":
            click.echo(f"      {finding.advice}")
    sys.exit(1 if any(finding.state == "bad" for finding in findings) else 0)
