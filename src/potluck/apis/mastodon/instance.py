"""What this server is: instance documents, peers, emoji, and who is here."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import __version__
from potluck.apis.mastodon import entities, render_accounts
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.entities import Json
from potluck.apis.mastodon.instance_texts import rule
from potluck.apis.mastodon.paging import limit_of, offset_of
from potluck.apis.source import Source
from potluck.db.base import now
from potluck.db.ids import floor_at
from potluck.kinds import authoring
from potluck.kinds.note import actions
from potluck.media import facts, images, uploads
from potluck.media.types import EXTENSIONS
from potluck.settings import Settings, current
from potluck.social import profiles, push, reactions, site_texts, terms
from potluck.social.accounts import roles
from potluck.social.model import Actor, CustomEmoji, DomainPolicy, Object, Server, User
from potluck.text.length import CHARACTERS_PER_URL

VERSION = f"4.5.0 (compatible; Potluck {__version__})"
"""Parsed by every app: the Mastodon release whose API this is, then who is really speaking."""

API_VERSION = 7
"""What `api_versions.mastodon` claims: 7 is Mastodon 4.5, with quotes."""

_KEEP_SECONDS = 300
_LIST_LIMIT = 10_000

UPLOADED = images.TAKEN | {name for name in EXTENSIONS if name.startswith(("audio/", "video/"))} - {"video/iso.segment"}
"""Types of files that are taken. What a file is, is found by looking at it; these are for choosers of apps."""

_NO_LIMIT = 1 << 40
"""What apps are told where the settings set no limit: they need a number."""


class _Kept:
    """Figures that need counting: kept for five minutes."""

    until = 0.0
    values: ClassVar[dict[str, Any]] = {}


def forget() -> None:
    """Count anew at the next call (tests)."""
    _Kept.until = 0.0


async def _figures(source: Source) -> dict[str, Any]:
    if time.monotonic() >= _Kept.until:
        _Kept.values = await _count(source)
        _Kept.until = time.monotonic() + _KEEP_SECONDS
    return _Kept.values


async def _count(source: Source) -> dict[str, Any]:
    session = await source.session()
    month_ago = now() - timedelta(days=28)
    users = await session.scalar(select(func.count()).select_from(User).where(User.approved_at.is_not(None)))
    active = await session.scalar(select(func.count()).select_from(User).where(User.last_active_at >= month_ago))
    statuses = await session.scalar(select(func.count()).select_from(Object).where(
        Object.local, Object.deleted_at.is_(None)))
    domains = await session.scalar(select(func.count()).select_from(Server))
    contact = await session.scalar(select(User.actor_id).where(
        User.role.in_(roles.ADMINS), User.disabled_at.is_(None)).order_by(User.id).limit(1))
    account = (await render_accounts.by_ids(source, [contact])).get(contact) if contact else None
    return {"users": users or 0, "active": active or 0, "statuses": statuses or 0, "domains": domains or 0,
            "contact": msgspec.Raw(account) if account else None, "vapid_key": await push.public_key(session),
            "terms": f"{current().url}/terms-of-service" if await terms.exist(session) else None,
            "rules": [rule(row) for row in await site_texts.rules(session)]}


def _streaming(call: Call) -> str:
    parts = urlsplit(call.base_url)
    return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"


def _statuses() -> Json:
    return {"max_characters": current().max_characters, "max_media_attachments": authoring.MAX_MEDIA,
            "characters_reserved_per_url": CHARACTERS_PER_URL}


def _media() -> Json:
    settings = current()
    return {"supported_mime_types": sorted(UPLOADED), "description_limit": uploads.MAX_DESCRIPTION,
            "image_size_limit": settings.image_limit or _NO_LIMIT,
            "image_matrix_limit": settings.image_megapixels * 1_000_000,
            "video_size_limit": settings.video_limit or _NO_LIMIT, "video_frame_rate_limit": facts.MOST_RATE,
            "video_matrix_limit": facts.MOST_SIDE * facts.MOST_SIDE}


def _polls() -> Json:
    return {"max_options": actions.MAX_POLL_OPTIONS, "max_characters_per_option": actions.MAX_OPTION_CHARACTERS,
            "min_expiration": actions.MIN_POLL_SECONDS, "max_expiration": actions.MAX_POLL_SECONDS}


def _accounts() -> Json:
    return {"max_display_name_length": profiles.MAX_DISPLAY_NAME, "max_note_length": profiles.MAX_NOTE,
            "max_featured_tags": 10, "max_pinned_statuses": reactions.MAX_PINS,
            "max_profile_fields": profiles.MAX_FIELDS, "profile_field_name_limit": profiles.MAX_FIELD_NAME,
            "profile_field_value_limit": profiles.MAX_FIELD_VALUE}


def _access(settings: Settings) -> Json:
    word = "public" if settings.public_timelines == "public" else "authenticated"
    both = {"local": word, "remote": word}
    return {"live_feeds": both, "hashtag_feeds": both, "trending_link_feeds": both}


def _registrations(settings: Settings) -> Json:
    is_open = settings.sign_up in ("open", "approval")
    return {"enabled": is_open, "approval_required": settings.sign_up == "approval",
            "reason_required": settings.sign_up == "approval", "message": None, "min_age": None,
            "url": f"{settings.url}/signup"}


@endpoint("GET", "/api/v2/instance")
async def show(call: Call) -> Answer:
    """Instance."""
    settings = call.settings
    figures = await _figures(call.source)
    picture = f"{settings.url}/static/icon.svg"
    return answer({
        "domain": settings.domain, "title": settings.title, "version": VERSION,
        "source_url": settings.source_url or f"{settings.url}/about",
        "description": settings.description, "usage": {"users": {"active_month": figures["active"]}},
        "thumbnail": {"url": picture, "description": "", "blurhash": None, "versions": {}},
        "icon": [{"src": picture, "size": "48x48"}], "languages": [settings.language],
        "configuration": {
            "urls": {"streaming": _streaming(call), "status": None, "about": f"{settings.url}/about",
                     "privacy_policy": f"{settings.url}/privacy", "terms_of_service": figures["terms"]},
            "vapid": {"public_key": figures["vapid_key"]}, "accounts": _accounts(), "statuses": _statuses(),
            "media_attachments": _media(), "polls": _polls(),
            "translation": {"enabled": bool(settings.translation_url)},
            "timelines_access": _access(settings), "limited_federation": settings.limited_federation},
        "registrations": _registrations(settings), "api_versions": {"mastodon": API_VERSION},
        "contact": {"email": settings.contact_email, "account": figures["contact"]},
        "rules": figures["rules"],
    })


@endpoint("GET", "/api/v1/instance")
async def show_old(call: Call) -> Answer:
    """V1::Instance; apps find the server's host in `uri`."""
    settings = call.settings
    figures = await _figures(call.source)
    return answer({
        "uri": settings.domain, "title": settings.title, "short_description": settings.description,
        "description": settings.description, "email": settings.contact_email, "version": VERSION,
        "urls": {"streaming_api": _streaming(call)},
        "stats": {"user_count": figures["users"], "status_count": figures["statuses"],
                  "domain_count": figures["domains"]},
        "thumbnail": f"{settings.url}/static/icon.svg", "languages": [settings.language],
        "registrations": settings.sign_up in ("open", "approval"),
        "approval_required": settings.sign_up == "approval", "invites_enabled": settings.sign_up == "invite",
        "configuration": {"accounts": _accounts(), "statuses": _statuses(), "media_attachments": _media(),
                          "polls": _polls()},
        "contact_account": figures["contact"], "rules": figures["rules"],
    })


@endpoint("GET", "/api/v1/instance/peers")
async def peers(call: Call) -> Answer:
    """Servers known here."""
    rows = await (await call.reader()).scalars(
        select(Server.host).where(Server.gone_at.is_(None)).order_by(Server.host).limit(_LIST_LIMIT))
    return answer(list(rows.all()))


@endpoint("GET", "/api/v1/instance/activity")
async def activity(call: Call) -> Answer:
    """The last twelve weeks; sign-ins and sign-ups are not told."""
    session = await call.reader()
    this_week = int(now().timestamp()) // 604800 * 604800
    weeks = [this_week - number * 604800 for number in range(12)]
    found = await _weekly_statuses(session, weeks)
    return answer([{"week": str(week), "statuses": str(found[week]), "logins": "0", "registrations": "0"}
                   for week in weeks])


async def _weekly_statuses(session: AsyncSession, weeks: list[int]) -> dict[int, int]:
    floors = {week: floor_at(datetime.fromtimestamp(week, UTC)) for week in weeks}
    columns = [func.count().filter(Object.id >= floor, Object.id < floor_at(
        datetime.fromtimestamp(week + 604800, UTC))) for week, floor in floors.items()]
    row = (await session.execute(select(*columns).select_from(Object).where(
        Object.local, Object.deleted_at.is_(None), Object.id >= min(floors.values())))).one()
    return dict(zip(weeks, row, strict=True))


@endpoint("GET", "/api/v1/instance/domain_blocks")
async def domain_blocks(call: Call) -> Answer:
    """Servers limited or suspended here; where a moderator wishes so, with stars in their names."""
    rows = (await (await call.reader()).scalars(select(DomainPolicy).where(
        DomainPolicy.severity.in_(("silence", "suspend"))).order_by(DomainPolicy.domain).limit(_LIST_LIMIT))).all()
    return answer([{
        "domain": _obfuscated(row.domain) if row.obfuscate else row.domain,
        "digest": sha256(row.domain.encode()).hexdigest(), "severity": row.severity, "comment": row.public_comment,
    } for row in rows])


def _obfuscated(domain: str) -> str:
    shown = max(1, len(domain) // 4)
    return "".join(letter if index < shown or index >= len(domain) - shown or letter == "." else "*"
                   for index, letter in enumerate(domain))


@endpoint("GET", "/api/v1/custom_emojis")
async def custom_emojis(call: Call) -> Answer:
    """Custom emoji of this server."""
    rows = await (await call.reader()).scalars(select(CustomEmoji).where(
        CustomEmoji.host == "", ~CustomEmoji.disabled).order_by(CustomEmoji.shortcode).limit(_LIST_LIMIT))
    return answer([entities.custom_emoji(row) for row in rows.all()])


@endpoint("GET", "/api/v1/directory")
async def directory(call: Call) -> Answer:
    """Accounts that want to be found, active or new ones first."""
    session = await call.reader()
    order = Actor.id.desc() if call.params.text("order") == "new" else Actor.last_post_at.desc()
    query = select(Actor.id).where(Actor.discoverable, Actor.suspended_at.is_(None), Actor.deleted_at.is_(None),
                                   Actor.silenced_at.is_(None), Actor.last_post_at.is_not(None))
    if call.params.flag("local"):
        query = query.where(Actor.host == "")
    found = await session.scalars(query.order_by(order).offset(offset_of(call.params)).limit(
        limit_of(call.params, 40, 80)))
    return json_list(await render_accounts.in_order(call.source, found.all()))


route_handlers = [show, show_old, peers, activity, domain_blocks, custom_emojis, directory]
