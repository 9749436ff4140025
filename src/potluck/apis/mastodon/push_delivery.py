"""Tells apps of notifications by Web Push, in the form Mastodon's messages have. Runs in the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import entities
from potluck.db.engine import Database
from potluck.federation.fetch import SafeClient
from potluck.federation.web_push import MAX_PAYLOAD, Outcome, Sender, Target
from potluck.settings import current
from potluck.social import filtering, push
from potluck.social.accounts.mail_texts import fill
from potluck.social.live import Waker
from potluck.social.model import Actor, Notification, OAuthToken, Object, PushMessage, PushSubscription, User
from potluck.social.views import ObjectView
from potluck.social.visibility import visible_to
from potluck.text.sanitise import excerpt, to_plain_text

log = structlog.get_logger(__name__)

AT_ONCE = 50
_IDLE_SECONDS = 15.0
_BODY = 140


def _l(text: str) -> str:
    """Mark a text for translation; it is translated for its reader."""
    return text


_TITLES = {
    "mention": _l("%(who)s mentioned you"), "quote": _l("%(who)s quoted your post"), "status": _l("%(who)s posted"),
    "reblog": _l("%(who)s boosted your post"), "favourite": _l("%(who)s liked your post"),
    "reaction": _l("%(who)s reacted to your post"), "follow": _l("%(who)s follows you"),
    "follow_request": _l("%(who)s wants to follow you"), "poll": _l("A poll you took part in by %(who)s has ended"),
    "update": _l("%(who)s edited a post you boosted or took part in"), "admin.sign_up": _l("%(who)s signed up"),
    "quoted_update": _l("%(who)s edited a post you quoted"), "admin.report": _l("%(who)s sent a report"),
}
_OTHERWISE = _l("News from %(who)s")


class _Letter:
    """One message, ready to be sent."""

    __slots__ = ("message_id", "payload", "subscription_id", "target", "urgent")

    def __init__(self, message: PushMessage, subscription: PushSubscription, payload: bytes, urgent: bool) -> None:
        self.message_id = message.id
        self.subscription_id = subscription.id
        self.target = Target(subscription.endpoint, subscription.p256dh, subscription.auth, subscription.standard)
        self.payload = payload
        self.urgent = urgent


class PushEngine:
    """Sends what waits, many at once; a restart goes on where it was."""

    def __init__(self, db: Database, client: SafeClient, waker: Waker) -> None:
        self._db = db
        self._client = client
        self._waker = waker
        self._sender: Sender | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            try:
                while await self.send_due():
                    pass
            except SQLAlchemyError as error:
                log.warning("push_failed", error=str(error))
            await self._waker.wait(push.TOPIC, _IDLE_SECONDS)

    async def send_due(self) -> int:
        """Send what is due now; returns how many messages were looked at."""
        sender = await self._ready()
        async with self._db.write() as session:
            messages = await push.claim(session, AT_ONCE)
        async with self._db.read() as session:
            letters = await _letters(session, messages)
        outcomes = await asyncio.gather(*(
            sender.send(item.target, item.payload, urgent=item.urgent) for item in letters))
        await self._settle(messages, letters, outcomes)
        return len(messages)

    async def _ready(self) -> Sender:
        if self._sender is None:
            async with self._db.write() as session:
                key = await push.private_key(session)
            contact = current().contact_email
            self._sender = Sender(self._client, key, f"mailto:{contact}" if contact else current().url)
        return self._sender

    async def _settle(self, messages: Sequence[PushMessage], letters: Sequence[_Letter],
                      outcomes: Sequence[Outcome]) -> None:
        if not messages:
            return
        taken = [item for item, outcome in zip(letters, outcomes, strict=True) if outcome.taken]
        moot = {message.id for message in messages} - {item.message_id for item in letters}
        async with self._db.write() as session:
            await push.sent(session, [item.message_id for item in taken], {item.subscription_id for item in taken})
            await push.drop(session, list(moot))
            for item, outcome in zip(letters, outcomes, strict=True):
                if outcome.gone:
                    log.info("push_endpoint_gone", subscription=item.subscription_id, reason=outcome.reason)
                    await push.gone(session, item.subscription_id)
                elif not outcome.taken:
                    log.info("push_not_taken", subscription=item.subscription_id, reason=outcome.reason)
                    await push.failed(session, item.message_id, retry_after=outcome.retry_after)


async def _letters(session: AsyncSession, messages: Sequence[PushMessage]) -> list[_Letter]:
    """Messages as they are sent, without those whose notification, token or post is not there for the reader."""
    if not messages:
        return []
    rows = (await session.execute(
        select(PushMessage, PushSubscription, Notification, User.locale, Actor)
        .join(PushSubscription, PushSubscription.id == PushMessage.subscription_id)
        .join(Notification, Notification.id == PushMessage.notification_id)
        .join(Actor, Actor.id == Notification.actor_id)
        .join(OAuthToken, OAuthToken.id == PushSubscription.token_id)
        .join(User, User.id == OAuthToken.user_id)
        .where(PushMessage.id.in_([message.id for message in messages]), OAuthToken.revoked_at.is_(None),
               User.disabled_at.is_(None), Actor.suspended_at.is_(None), Actor.deleted_at.is_(None),
               ~Notification.filtered).order_by(PushMessage.id))).all()
    posts = await _posts(session, [row for _, _, row, _, _ in rows])
    found = []
    for message, subscription, row, locale, actor in rows:
        post = posts.get(row.id)
        if row.object_id is None or post is not None:
            payload = _payload(subscription, row, locale, actor, post)
            found.append(_Letter(message, subscription, payload, row.type in ("mention", "follow_request")))
    return found


async def _posts(session: AsyncSession, rows: Sequence[Notification]) -> dict[int, Object]:
    """The posts notifications are about, by notification: those the reader may see and hides by no filter."""
    about = [row.id for row in rows if row.object_id]
    if not about:
        return {}
    found = (await session.execute(
        select(Notification.id, Notification.reader_id, Object, Actor)
        .join(Object, Object.id == Notification.object_id).join(Actor, Actor.id == Object.author_id)
        .where(Notification.id.in_(about), visible_to(Notification.reader_id)))).all()  # type: ignore[arg-type]
    filters = await filtering.of_readers(session, {reader_id for _, reader_id, _, _ in found})
    return {notification_id: post for notification_id, reader_id, post, author in found
            if reader_id not in filters
            or not filtering.hides(filters[reader_id].of_view(ObjectView(post, author)), "notifications")}


def _payload(subscription: PushSubscription, row: Notification, locale: str, actor: Actor,
             post: Object | None) -> bytes:
    shown: dict[str, Any] = {
        "access_token": push.unseal(subscription.sealed_token), "preferred_locale": locale,
        "notification_id": row.id, "notification_type": push.shown_type(row.type),
        "icon": entities.account(actor)["avatar"],
        "title": excerpt(fill(locale, _TITLES.get(row.type, _OTHERWISE), who=actor.display_name or actor.acct), 200),
        "body": excerpt(_body(post, actor), _BODY)}
    encoded = msgspec.json.encode(shown)
    return encoded if len(encoded) <= MAX_PAYLOAD else msgspec.json.encode(shown | {"icon": ""})


def _body(post: Object | None, actor: Actor) -> str:
    if post is None:
        return to_plain_text(actor.summary)
    return post.summary if post.kind == "note" and post.summary else post.title or to_plain_text(post.content)


__all__ = ["AT_ONCE", "PushEngine"]
