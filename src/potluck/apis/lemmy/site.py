"""What this server is, and who is asking: the first call of every app."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import limits, local_user, render, shapes, taglines
from potluck.apis.lemmy.endpoint import Answer, Call, answer, endpoint
from potluck.apis.lemmy.words import EPOCH, LOCAL_INSTANCE, VERSION, Json, all_languages, codes, moment, there
from potluck.apis.urls import full_url
from potluck.db.base import now
from potluck.settings import Settings
from potluck.social import addresses, emojis, keys, site_texts
from potluck.social.accounts.roles import STAFF
from potluck.social.actors import by_uri
from potluck.social.communities import belonging, facets
from potluck.social.model import Actor, CustomEmoji, DomainMute, Server, User

_KEEP_SECONDS = 300
_REGISTRATION = {"open": "Open", "approval": "RequireApplication"}
_MOST = 500


class _Kept:
    """What is asked with every call and seldom changes: kept for five minutes."""

    until = 0.0
    values: ClassVar[Json] = {}


def forget() -> None:
    """Ask anew at the next call (tests, and after a change)."""
    _Kept.until = 0.0


async def counts(session: AsyncSession) -> Json:
    """SiteAggregates."""
    today = now()
    spans = {"day": 1, "week": 7, "month": 30, "half_year": 182}
    people = select(func.count(), *(func.count().filter(User.last_active_at > today - timedelta(days=days))
                                    for days in spans.values())).where(User.approved_at.is_not(None))
    total, *active = (await session.execute(people)).one()
    communities, posts, comments = await belonging.totals(session)
    return {"site_id": 1, "users": total, "posts": posts, "comments": comments, "communities": communities,
            **{f"users_active_{name}": number for name, number in zip(spans, active, strict=True)}}


async def _shared(session: AsyncSession) -> Json:
    """What is the same for everyone."""
    if time.monotonic() >= _Kept.until:
        text = await site_texts.text(session, "extended_description")
        legal = await site_texts.text(session, "privacy_policy")
        actor = await by_uri(session, addresses.instance_actor_uri())
        public = (await keys.signing_key(session, actor.id)).public_key if actor else ""
        founded = await session.scalar(select(func.min(User.created_at))) or EPOCH
        _Kept.values = {
            "counts": await counts(session), "sidebar": text.source if text else None, "public_key": public,
            "legal": legal.source if legal else None, "published": moment(founded),
            "emojis": [custom_emoji(row) for row in await emojis.local(session)],
            "taglines": await taglines.read(session)}
        _Kept.until = time.monotonic() + _KEEP_SECONDS
    return _Kept.values


def site_record(settings: Settings, shared: Json) -> Json:
    """Site."""
    return there({
        "id": 1, "name": settings.title, "sidebar": shared["sidebar"], "published": shared["published"],
        "description": settings.description or None, "actor_id": f"{settings.url}/",
        "last_refreshed_at": shared["published"], "inbox_url": addresses.shared_inbox_uri(),
        "public_key": shared["public_key"], "instance_id": LOCAL_INSTANCE})


def local_site(settings: Settings, shared: Json) -> Json:
    """LocalSite."""
    by_hand = settings.sign_up == "approval"
    return there({
        "id": 1, "site_id": 1, "site_setup": True, "enable_downvotes": True, "enable_nsfw": True,
        "community_creation_admin_only": False, "require_email_verification": settings.confirm_email,
        "application_question": "Why would you like to join?" if by_hand else None,
        "private_instance": settings.public_timelines == "members", "default_theme": "browser",
        "default_post_listing_type": "All", "legal_information": shared["legal"], "hide_modlog_mod_names": False,
        "application_email_admins": False, "actor_name_max_length": 30,
        "federation_enabled": True, "captcha_enabled": False, "captcha_difficulty": "easy",
        "published": shared["published"], "registration_mode": _REGISTRATION.get(settings.sign_up, "Closed"),
        "reports_email_admins": False, "federation_signed_fetch": settings.secure_mode,
        "default_post_listing_mode": "List", "default_sort_type": "Active"})


def _rate_limits(settings: Settings, shared: Json) -> Json:
    figures: dict[str, tuple[int, int]] = {"message": (settings.account_calls, limits.general.seconds),
               **{str(act): figure for act, figure in limits.FIGURES.items()}}
    return {"local_site_id": 1, "published": shared["published"],
            **{name: most for name, (most, _) in figures.items()},
            **{f"{name}_per_second": seconds for name, (_, seconds) in figures.items()}}


def site_view(settings: Settings, shared: Json) -> Json:
    """SiteView."""
    return {"site": site_record(settings, shared), "local_site": local_site(settings, shared),
            "local_site_rate_limit": _rate_limits(settings, shared), "counts": shared["counts"]}


async def answered_site(call: Call) -> Json:
    """SiteView of this server."""
    return site_view(call.settings, await _shared(await call.reader()))


def custom_emoji(row: CustomEmoji) -> Json:
    """CustomEmojiView."""
    return {"custom_emoji": {
        "id": row.id, "local_site_id": 1, "shortcode": row.shortcode, "image_url": full_url(row.url),
        "alt_text": row.shortcode, "category": row.category or "", "published": moment(row.updated_at)},
        "keywords": []}


async def admins(session: AsyncSession) -> list[Json]:
    """PersonViews of who looks after this server, the longest first."""
    rows = (await session.scalars(select(Actor).join(User, User.actor_id == Actor.id).where(
        User.role.in_(STAFF), User.disabled_at.is_(None), Actor.suspended_at.is_(None), Actor.deleted_at.is_(None)
    ).order_by(User.id).limit(100))).all()
    return await render.people(session, list(rows))


@endpoint("GET", "/site", who="anyone", unconfirmed=True)
async def show(call: Call) -> Answer:
    """This server, who looks after it, and with a token who one is."""
    session = await call.reader()
    user = await session.get_one(User, call.user.id) if call.viewer_id is not None else None
    return answer(await document(session, call.settings, user))


async def document(session: AsyncSession, settings: Settings, user: User | None) -> Json:
    """GetSiteResponse, for somebody or nobody."""
    shared = await _shared(session)
    found: Json = {
        "site_view": site_view(settings, shared), "admins": await admins(session), "version": VERSION,
        "all_languages": all_languages(), "discussion_languages": list(range(len(codes()))),
        "taglines": shared["taglines"],
        "custom_emojis": shared["emojis"], "blocked_urls": []}
    return found | ({"my_user": await my_user(session, user)} if user is not None else {})


async def my_user(session: AsyncSession, user: User) -> Json:
    """MyUserInfo."""
    me = await session.get_one(Actor, user.actor_id)
    people, groups = await belonging.blocked(session, me.id)
    person = shapes.person(me)
    [view] = await render.people(session, [me])
    return {
        "local_user_view": {
            "local_user": local_user.local_user(user, me, admin=view["is_admin"]),
            "local_user_vote_display_mode": local_user.vote_display(user), "person": person,
            "counts": view["counts"]},
        "follows": [{"community": record, "follower": person}
                    for record in await _communities(session, await belonging.followed(session, me.id))],
        "moderates": [{"community": record, "moderator": person}
                      for record in await _communities(session, await belonging.moderated(session, me.id))],
        "community_blocks": [{"person": person, "community": record} for record in await _communities(session, groups)],
        "instance_blocks": await _blocked_instances(session, me.id, person),
        "person_blocks": [{"person": person, "target": shapes.person(actor)} for actor in people],
        "discussion_languages": local_user.languages_of(user)}


async def _communities(session: AsyncSession, groups: Sequence[Actor]) -> list[Json]:
    settings = await facets.communities(session, [group.id for group in groups])
    return [shapes.community(group, settings[group.id]) for group in groups]


async def _blocked_instances(session: AsyncSession, actor_id: int, person: Json) -> list[Json]:
    rows = (await session.scalars(select(Server).join(DomainMute, DomainMute.host == Server.host).where(
        DomainMute.actor_id == actor_id).order_by(Server.host).limit(_MOST))).all()
    return [{"person": person, "instance": instance(row)} for row in rows]


def instance(row: Server) -> Json:
    """Instance."""
    return there({"id": row.id, "domain": row.host, "published": moment(row.created_at),
                  "updated": moment(row.nodeinfo_at) if row.nodeinfo_at else None, "software": row.software,
                  "version": row.version})


route_handlers = [show]
