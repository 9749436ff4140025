"""Takes activities in: checks what can be checked at once, writes them to the journal, and no more.

Order as in protocol §6: size, type, JSON, cheap drops, signature, policy, journal. Only what is committed is
acknowledged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from potluck.federation import fetch_jobs, follower_sync, journal, strictjson
from potluck.federation.bounded import BoundedTimes
from potluck.federation.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidActivity,
    InvalidJson,
    InvalidUri,
    TooManyActivities,
    TryLater,
    UnsupportedContentType,
)
from potluck.federation.group_commit import GroupCommit
from potluck.federation.hints import Hints
from potluck.federation.inbound import Budget
from potluck.federation.journal import Received
from potluck.federation.urls import check_uri, host_of, same_host
from potluck.federation.verifying import ReceivedRequest, SignerGone, signatory
from potluck.federation.vocabulary import Document, first_id, get, type_of
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import TooMany
from potluck.social.model import Actor

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

log = structlog.get_logger(__name__)

MAX_BODY = strictjson.MAX_BYTES
MAX_WAITING = 20_000
"""Requests waiting for their commit; beyond that we are too slow to take more."""
_TYPES = frozenset({"application/activity+json", "application/ld+json"})


class Inbox:
    """The inboxes of one web process."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation
        self._journal: GroupCommit[Received, None] = GroupCommit(federation.db, journal.append)
        self._compared = BoundedTimes(60.0, 20_000)
        self._hints = Hints(federation)
        self._waiting = 0
        most = federation.settings.server_activities
        self._rates = Limiter(burst=most, seconds_each=60 / most)

    async def receive(self, request: ReceivedRequest, content_type: str, inbox_actor_id: int | None) -> None:
        """Take one activity in; returns once it is committed, or known to concern nobody here.

        Args:
            request: the whole request.
            content_type: its Content-Type header.
            inbox_actor_id: whose personal inbox it came to; None for the shared one.

        Raises:
            Refusal: with the status and text to answer.
        """
        activity = read_activity(request.body, content_type)
        unsigned = request.header("signature") is None and request.header("authorization") is None
        if unsigned and await self._hints.take(activity, self._append):
            return
        actor_uri = self._actor_of(activity)
        if await self._federation.is_blocked(host_of(actor_uri)):
            raise Forbidden("This server does not federate with yours", actor_uri)
        if await self._concerns_nobody(activity, actor_uri):
            return
        signer_uri = await self._signer(request, activity, actor_uri)
        self._count(host_of(signer_uri))
        await self._compare_followers(request, signer_uri)
        await self._append(Received(host_of(signer_uri), signer_uri, inbox_actor_id, request.body.decode()))

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._journal.close()

    def _actor_of(self, activity: Document) -> str:
        uri = first_id(get(activity, "actor"))
        if type_of(activity) is None or uri is None:
            raise InvalidActivity("An activity needs a type and an actor")
        try:
            checked = check_uri(uri, allow_http=self._federation.allows_http)
        except InvalidUri as error:
            raise InvalidActivity("The actor's id is not acceptable", str(error)) from error
        own = activity.get("id")
        if isinstance(own, str) and own.startswith("http") and not same_host(own, checked):
            raise Forbidden("The activity's id is not on its actor's host")
        if checked != uri:
            raise InvalidActivity("The actor's id is not in its normal spelling")
        return checked

    async def _concerns_nobody(self, activity: Document, actor_uri: str) -> bool:
        """A Delete or Update of itself by somebody never heard of: the key is gone already (protocol §6)."""
        if type_of(activity) not in ("Delete", "Update") or first_id(get(activity, "object")) != actor_uri:
            return False
        async with self._federation.db.read() as session:
            return await session.scalar(select(Actor.id).where(Actor.uri == actor_uri)) is None

    async def _signer(self, request: ReceivedRequest, activity: Document, actor_uri: str) -> str:
        try:
            return (await signatory(self._federation, request)).actor_uri
        except SignerGone:
            # Somebody known here deleted their account, if their own server confirms it. The key alone does not:
            # it may be that of another account there.
            if type_of(activity) == "Delete" and first_id(get(activity, "object")) == actor_uri \
                    and await self._federation.is_gone(actor_uri, Budget()):
                return actor_uri
            raise

    async def _compare_followers(self, request: ReceivedRequest, signer_uri: str) -> None:
        """See whether both sides agree on who follows the signer (FEP-8fcf), at most once a minute for each."""
        value = request.header("collection-synchronization")
        if value is None or self._compared.has(signer_uri):
            return
        self._compared.add(signer_uri)
        async with self._federation.db.read() as session:
            wanted = await follower_sync.differs(session, value, signer_uri)
        if wanted is not None:
            async with self._federation.db.write() as session:
                await fetch_jobs.add(session, "sync", wanted[0], wanted[1])

    def _count(self, host: str) -> None:
        """Hold a server to what it may send. Only what is signed counts: nobody uses up another's share."""
        try:
            self._rates.take(host)
        except TooMany as error:
            raise TooManyActivities("This server sends too much at once", host) from error

    async def _append(self, received: Received) -> None:
        if self._waiting >= MAX_WAITING:
            raise TryLater("Too busy just now")
        self._waiting += 1
        try:
            await self._journal.add(received)
        except Exception as error:
            log.exception("inbox_append_failed")
            raise TryLater("The activity could not be stored just now") from error
        finally:
            self._waiting -= 1


def read_activity(body: bytes, content_type: str) -> Document:
    """The body as a JSON object, if it may be an activity at all.

    Raises:
        BodyTooLarge, UnsupportedContentType, InvalidActivity: it may not.
    """
    if len(body) > MAX_BODY:
        raise BodyTooLarge(f"An activity may have {MAX_BODY} bytes at most")
    if content_type.partition(";")[0].strip().lower() not in _TYPES:
        raise UnsupportedContentType("An activity is sent as application/activity+json")
    try:
        return strictjson.parse(body)
    except InvalidJson as error:
        raise InvalidActivity(f"The body is {error}") from error
