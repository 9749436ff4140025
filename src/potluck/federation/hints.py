"""Unsigned deliveries, as Lotide's communities forward what their members elsewhere said: hints, and no more.

Lotide passes comments (a bare Note), votes and deletions on to its members' servers without a signature (forum §14).
Nothing in such a body is believed: it goes the way of whatever somebody else passed on, which is asked for at its own
host (`preparing.authenticate`). Only what belongs into a discussion of a Lotide community that is followed here is
looked at, so that a stranger can have nothing else fetched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select

from potluck.federation import strictjson
from potluck.federation.bounded import BoundedTimes
from potluck.federation.errors import FederationError, TooManyActivities
from potluck.federation.journal import Received
from potluck.federation.urls import check_uri, host_of, same_host
from potluck.federation.vocabulary import Document, first_id, get, type_of
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.addresses import instance_actor_uri, is_local_uri
from potluck.social.errors import TooMany
from potluck.social.model import Actor, Follow, Object, Server

if TYPE_CHECKING:
    from potluck.federation.resolver import Federation

_SOFTWARE = ("lotide",)
_ACTS = frozenset({"Create", "Like", "Delete"})
_OBJECTS = frozenset({"Note", "Page", "Question"})
_AGAIN_SECONDS = 600.0
_BURST = 60
_SECONDS_EACH = 2.0


class Hints:
    """The unsigned deliveries to one web process."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation
        self._seen = BoundedTimes(_AGAIN_SECONDS, 20_000)
        self._rates = Limiter(burst=_BURST, seconds_each=_SECONDS_EACH)

    async def take(self, document: Document, append: Callable[[Received], Awaitable[None]]) -> bool:
        """Write an unsigned body to the journal, once in a while; whether it is any of our business.

        Raises:
            TooManyActivities: too much is said to lie on that host.
        """
        activity = as_activity(document)
        if activity is None or not await self._is_wanted(activity):
            return False
        asked = str(activity.get("id") or activity["object"])
        key = f"{activity['type']} {asked}"
        if self._seen.has(key):
            return True
        try:
            self._rates.take(host_of(asked))
        except TooMany as error:
            raise TooManyActivities("Too much is forwarded at once", asked) from error
        self._seen.add(key)
        # Nobody signed it: its host is not heard of by this, and its actor not believed.
        await append(Received(host_of(self._federation.settings.url), instance_actor_uri(), None,
                              strictjson.dump(activity).decode()))
        return True

    async def _is_wanted(self, activity: Mapping[str, Any]) -> bool:
        """Whether it is about something in a Lotide community that somebody here follows, and not new of ours."""
        if not self._is_fetchable(activity) or await self._federation.is_blocked(host_of(activity["actor"])):
            return False
        about = [activity["object"], *([activity["inReplyTo"]] if activity.get("inReplyTo") else [])]
        community = select(Actor.id).join(Server, Server.id == Actor.server_id).where(
            Actor.id == Object.group_id, func.lower(Server.software).in_(_SOFTWARE),
            exists().where(Follow.followed_id == Actor.id, Follow.state == "accepted")).exists()
        async with self._federation.db.read() as session:
            return await session.scalar(select(Object.id).where(
                Object.uri.in_(about), Object.deleted_at.is_(None), community).limit(1)) is not None

    def _is_fetchable(self, activity: Mapping[str, Any]) -> bool:
        """Whether all it names may be ids, and those that are to be asked for lie on its actor's host."""
        try:
            for name in ("actor", "object"):
                check_uri(activity[name], allow_http=self._federation.allows_http)
        except FederationError:
            return False
        asked = activity.get("id") if activity["type"] == "Like" else activity["object"]
        return not is_local_uri(activity["actor"]) and isinstance(asked, str) and not is_local_uri(asked) \
            and same_host(asked, activity["actor"])


def as_activity(document: Document) -> dict[str, Any] | None:
    """The ids of an unsigned body as an activity, None for what is not forwarded like this: nothing else is kept."""
    kind = type_of(document)
    inner = get(document, "object")
    if kind in _OBJECTS:
        kind, inner = "Create", document
        actor, uri = first_id(get(document, "attributedTo")), None
    else:
        actor, uri = first_id(get(document, "actor")), document.get("id")
    target = first_id(inner)
    if kind not in _ACTS or actor is None or target is None:
        return None
    found: dict[str, Any] = {"type": kind, "actor": actor, "object": target}
    if isinstance(uri, str) and kind == "Like":
        found["id"] = uri
    parent = first_id(get(inner, "inReplyTo")) if isinstance(inner, Mapping) else None
    return found | ({"inReplyTo": parent} if parent and kind == "Create" else {})
