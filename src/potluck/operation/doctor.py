"""The doctor: checks what a server needs and says what to do where something is missing."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.migrate import current_revision, revisions
from potluck.media.sandbox import programs
from potluck.operation import doctor_sandbox, doctor_storage
from potluck.operation.finding import Finding, State
from potluck.settings import Settings

_CLOCK_SECONDS = 30
_DISK_BYTES = 1 << 30


Check = Callable[[Settings], Awaitable[Finding]]


async def examine(settings: Settings) -> list[Finding]:
    """Run every check, at once where they wait for the network."""
    findings = list(await asyncio.gather(*(check(settings) for check in CHECKS)))
    return findings + await doctor_sandbox.look(settings)


async def _python(_settings: Settings) -> Finding:
    return Finding("Python", "good", platform.python_version())


async def _address(settings: Settings) -> Finding:
    if settings.url.startswith("https://"):
        return Finding("Public address", "good", settings.url)
    return Finding("Public address", "warning", f"{settings.url} is plain http",
                   "Other servers federate over https only. Set POTLUCK_URL to the https address people will use,"
                   " before the first post: it is part of every id.")


async def _source(settings: Settings) -> Finding:
    if settings.source_url:
        return Finding("Source code", "good", settings.source_url)
    return Finding("Source code", "warning", "no address is set",
                   "Potluck is under the AGPL: people who use your server have a right to its source code, with your"
                   " changes if you made any. Set POTLUCK_SOURCE_URL to where they find it.")


async def _data_folder(settings: Settings) -> Finding:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        probe = settings.data / ".doctor"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Finding("Data folder", "bad", f"{settings.data}: {error.strerror}",
                       "Let the user that runs Potluck own the folder, or set POTLUCK_DATA to another one.")
    free = shutil.disk_usage(settings.data).free
    if free < _DISK_BYTES:
        return Finding("Data folder", "warning", f"{settings.data}: only {free >> 20} MiB free", "Make room.")
    return Finding("Data folder", "good", f"{settings.data}, {free >> 30} GiB free")


async def _database(settings: Settings) -> Finding:
    kind = "SQLite" if settings.is_sqlite else "PostgreSQL"
    db = Database(settings, pool_size=1)
    try:
        async with db.engine.connect() as connection:
            version = await connection.scalar(text(
                "SELECT sqlite_version()" if settings.is_sqlite else "SHOW server_version"))
            revision = await connection.run_sync(current_revision)
    except (SQLAlchemyError, OSError) as error:
        return Finding("Database", "bad", f"{kind} does not answer: {str(error).splitlines()[0]}",
                       "Check POTLUCK_DATABASE_URL and that the server runs.")
    finally:
        await db.close()
    _, head = revisions()
    if revision != head:
        return Finding("Database", "warning", f"{kind} {version}, schema {revision or 'empty'} (this version: {head})",
                       "It is upgraded when the server starts, or by `potluck db upgrade`.")
    return Finding("Database", "good", f"{kind} {version}, schema {revision}")


async def _dns(settings: Settings) -> Finding:
    host = urlsplit(settings.url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return Finding("DNS", "bad", f"{host} does not resolve: {error}", f"Add an A or AAAA record for {host}.")
    addresses = sorted({str(entry[4][0]) for entry in found})
    if all(ip_address(address.partition("%")[0]).is_private for address in addresses):
        return Finding("DNS", "warning", f"{host} is {', '.join(addresses)}: not reachable from the internet",
                       "Fine for trying out. To federate, the name must lead to a public address.")
    return Finding("DNS", "good", f"{host} is {', '.join(addresses)}")


async def _reachable(settings: Settings) -> Finding:
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as client, \
                client.get(f"{settings.url}/healthz", allow_redirects=False) as answer:
            body = await answer.text()
            date = answer.headers.get("Date", "")
    except (aiohttp.ClientError, TimeoutError, ssl.SSLError) as error:
        return Finding("Reachable", "warning", f"{settings.url} does not answer: {error}",
                       "Start the server; check the reverse proxy and its certificate (docs/operators/install.md).")
    if answer.status != 200 or body.strip() != "ok":
        return Finding("Reachable", "bad", f"{settings.url}/healthz answers {answer.status}, but not as Potluck does",
                       "The reverse proxy must pass all paths to POTLUCK_BIND.")
    late = abs(parsedate_to_datetime(date).timestamp() - time.time()) if date else 0
    if late > _CLOCK_SECONDS:
        return Finding("Reachable", "bad", f"the clocks differ by {late:.0f} s", "Let NTP set the clock.")
    return Finding("Reachable", "good", settings.url)


async def _clock(_settings: Settings) -> Finding:
    """Signatures are refused when the clock is off; the kernel knows whether something keeps it in step."""
    if await asyncio.to_thread(Path("/run/systemd/timesync/synchronized").exists):
        return Finding("Clock", "good", f"synchronised, {now():%Y-%m-%d %H:%M:%S} UTC")
    return Finding("Clock", "warning", f"{now():%Y-%m-%d %H:%M:%S} UTC; whether it is kept in step is not known",
                   "Run an NTP service (systemd-timesyncd, chrony): signatures fail when the clock is off by a minute.")


async def _mail(settings: Settings) -> Finding:
    if not settings.smtp_host:
        state: State = "good" if settings.sign_up == "closed" else "warning"
        return Finding("Mail", state, "no mail server; mail is written to the log",
                       "" if state == "good" else "Set POTLUCK_SMTP_HOST, so that people can confirm their address.")
    try:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(settings.smtp_host, settings.smtp_port)
            writer.close()
    except (OSError, TimeoutError) as error:
        return Finding("Mail", "bad", f"{settings.smtp_host}:{settings.smtp_port} does not answer: {error}",
                       "Check POTLUCK_SMTP_HOST and POTLUCK_SMTP_PORT.")
    return Finding("Mail", "good", f"{settings.smtp_host}:{settings.smtp_port}")


async def _ffmpeg(_settings: Settings) -> Finding:
    program = await asyncio.to_thread(programs.ffmpeg)
    if program:
        return Finding("ffmpeg", "good", program.path)
    return Finding("ffmpeg", "warning", "none that can be used", "Install ffmpeg 6 or later, or imageio-ffmpeg, which"
                   " brings one; sound and video need it.")


async def _user(_settings: Settings) -> Finding:
    if os.geteuid() == 0:
        return Finding("User", "warning", "running as root", "Run Potluck as a user of its own.")
    return Finding("User", "good", "not root")


CHECKS: tuple[Check, ...] = (
    _python, _user, _address, _source, _data_folder, doctor_storage.storage, _database, _dns, _reachable, _clock,
    _mail, _ffmpeg,
)
