"""The streams of the Mastodon API by name, and the live channels behind each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.mastodon import scopes
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.timelines import tag_names
from potluck.apis.params import Params, parse_id
from potluck.social import announcements, lists
from potluck.social.accounts.tokens import Access
from potluck.social.errors import NotFound

PUBLIC = ("public", "public:local", "public:remote")
_PERSONAL = ("user", "user:notification", "direct")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscribed stream.

    Attributes:
        stream: its name and parameter, as frames repeat them.
        channels: live channels it listens to.
        everyones: whether it carries everyone's posts, of which the reader may have hidden some.
        replies: whether replies belong in it.
        only_media: only statuses with attachments.
    """

    stream: tuple[str, ...]
    channels: frozenset[str]
    everyones: bool = False
    replies: bool = True
    only_media: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """Who listens, with what: as much of a token as an open stream has to keep."""

    id: int
    scopes: frozenset[str]


def reader_of(access: Access) -> Reader:
    """The person a token stands for.

    Raises:
        ApiError: it stands for an app only (422).
    """
    if access.actor is None:
        raise ApiError(422, "This method requires an authenticated user")
    return Reader(access.actor.id, access.scopes)


async def subscription(session: AsyncSession, reader: Reader, name: str, params: Params) -> Subscription:
    """What someone subscribes to.

    Raises:
        ApiError: there is no such stream (400), it needs a parameter (400), or the token may not read it.
    """
    if name in _PERSONAL:
        return _personal(reader, name)
    _need(reader, "read:statuses" if name != "list" else "read:lists")
    base = name.removesuffix(":media")
    if base in PUBLIC:
        return Subscription((name,), frozenset({base}), True, False, base != name or params.flag("only_media"))
    if name in ("hashtag", "hashtag:local"):
        return _hashtag(name, params)
    if name == "list":
        return await _list(session, reader.id, params)
    raise ApiError(400, "Unknown stream type")


def _need(reader: Reader, scope: str) -> None:
    if not scopes.covers(reader.scopes, scope):
        raise ApiError(403, "This action is outside the authorized scopes")


def _personal(reader: Reader, name: str) -> Subscription:
    if name == "user:notification":
        _need(reader, "read:notifications")
        return Subscription((name,), frozenset({f"notifications:{reader.id}"}))
    _need(reader, "read:statuses")
    if name == "direct":
        return Subscription((name,), frozenset({f"direct:{reader.id}"}))
    channels = {f"home:{reader.id}", announcements.CHANNEL}
    if scopes.covers(reader.scopes, "read:notifications"):
        channels.add(f"notifications:{reader.id}")
    return Subscription((name,), frozenset(channels))


def _hashtag(name: str, params: Params) -> Subscription:
    names = tag_names([params.text("tag")])
    if not names:
        raise ApiError(400, "Missing tag name parameter")
    prefix = "hashtag:local:" if name == "hashtag:local" else "hashtag:"
    return Subscription((name, names[0]), frozenset({prefix + names[0]}), True)


async def _list(session: AsyncSession, owner_id: int, params: Params) -> Subscription:
    wanted = parse_id(params.text("list"))
    if wanted is None:
        raise ApiError(400, "Missing list name parameter")
    try:
        row = await lists.one(session, owner_id, wanted)
    except NotFound as error:
        raise ApiError(404, "Record not found") from error
    return Subscription(("list", str(row.id)), frozenset({f"list:{row.id}"}))
