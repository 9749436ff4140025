"""Puts the rooms together: kinds are registered, the wire listens to what happens. Done once in every process."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from potluck import __version__, kinds, terms_mails
from potluck.db.engine import Database
from potluck.db.nodes import NodeLease
from potluck.federation import delivery_queue, outbound
from potluck.federation.addresses import AddressPolicy
from potluck.federation.fetch import SafeClient
from potluck.federation.resolver import Federation
from potluck.federation.transport import default_context
from potluck.jobs import model as jobs_model
from potluck.kinds.article import letters
from potluck.media import model as media_model
from potluck.media import processing
from potluck.settings import Settings
from potluck.social import actors, preview_cards, push
from potluck.social.accounts import mail_texts
from potluck.transfer import archive_in, archive_out, lists_in, policies
from potluck.transfer.blogs import looking, packing, taking
from potluck.web import i18n

TABLES = (media_model, jobs_model)
"""Rooms whose tables nothing else would load in every process."""

JOBS = (processing, letters, policies, lists_in, archive_in, archive_out, looking, packing, taking,
        terms_mails)
"""Modules that define jobs: every process must know them all."""


_prepared: dict[str, ssl.SSLContext] = {}


def install() -> None:
    """Register every kind and every subscriber. Calling it again has no effect."""
    kinds.install()
    outbound.install()
    preview_cards.install()
    mail_texts.use_translator(i18n.translated)


def prepare(settings: Settings) -> None:
    """Do before the fork what every process would do for itself.

    The trusted certificates are read, and the database is opened once, changed and closed again: what Python and
    SQLAlchemy remember of doing so for the first time (specialised code, caches of names, compiled expressions) is
    shared then, while each process that learns it by itself copies the pages, 3 MiB.
    """
    _prepared[settings.extra_ca] = _tls(settings)
    with contextlib.suppress(Exception):  # whatever is wrong, each process will tell it, and try again
        asyncio.run(_open_once(settings))


async def _open_once(settings: Settings) -> None:
    db = Database(settings)
    try:
        async with NodeLease(db, "serve"):
            await make_first(db)
            async with db.read() as session:
                await delivery_queue.due(session, 1, [])
    finally:
        await db.close()


async def make_first(db: Database) -> None:
    """Make what a server cannot do without: its own actor, and its key for notifications by push."""
    async with db.write() as session:
        await actors.instance_actor(session)
        await push.private_key(session)


@asynccontextmanager
async def federation(db: Database, settings: Settings) -> AsyncIterator[Federation]:
    """What this process needs to talk to other servers, closed at the end."""
    tls = _prepared.pop(settings.extra_ca, None) or _tls(settings)
    client = SafeClient(AddressPolicy(settings.allow_private), tls=tls,
                        user_agent=f"Potluck/{__version__} (+{settings.url})")
    made = Federation(db, settings, client)
    try:
        await made.start()
        yield made
    finally:
        await made.close()


def _tls(settings: Settings) -> ssl.SSLContext:
    context = default_context()
    if settings.extra_ca:
        context.load_verify_locations(settings.extra_ca)
    return context
