"""One's own data as a zip: an ActivityStreams archive, and lists as CSV in the shapes Mastodon writes and reads.

It is written while it is read, some hundred rows at a time, so that memory stays the same for any number of posts and
no transaction is held open between pieces.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.settings import current
from potluck.social import registry, views
from potluck.social.model import (
    Actor,
    Announce,
    Block,
    Bookmark,
    DomainMute,
    Follow,
    KeptDraft,
    KeptDraftVersion,
    List,
    ListMember,
    Media,
    Mute,
    Object,
    Reaction,
)

WriteActor = Callable[[Actor], dict[str, Any]]
"""Writes an actor's document; the wire's business, handed in."""


class Files(Protocol):
    """The files that go into an archive; the media room's business, handed in."""

    async def names(self, session: AsyncSession, media: Sequence[Media]) -> Mapping[str, str]:
        """Of attachments: address -> name in the archive, for those that are put into it."""

    async def pictures(self, actor: Actor) -> Mapping[str, str]:
        """Of a profile: address -> name in the archive."""

    def all(self) -> AsyncIterator[tuple[str, int, AsyncIterator[bytes]]]:
        """Name in the archive, size and bytes of everything that is put into it."""


_BATCH = 200
_LARGE = 1 << 30  # from there on an entry of a zip needs the larger form
_CONTEXT = "https://www.w3.org/ns/activitystreams"
_encode = msgspec.json.Encoder().encode


class Sink:
    """Where the zip is written to: keeps bytes until they are taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Keep bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do: what is written is there."""

    def close(self) -> None:
        """Nothing to do: nothing is held."""

    def take(self) -> bytes:
        """What was written since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


async def archive(db: Database, actor_id: int, write_actor: WriteActor, files: Files | None = None,
                  ) -> AsyncIterator[bytes]:
    """The zip of an actor's data, in pieces.

    Args:
        write_actor: writes the actor's document.
        files: what else is put into it; documents then name files by their place in the archive.
    """
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, pieces in _files(db, actor_id, write_actor, files):
            with packed.open(name, "w", force_zip64=True) as entry:
                async for piece in pieces:
                    entry.write(piece)
                    yield sink.take()
        if files is not None:
            async for name, size, pieces in files.all():
                with packed.open(_stored(name), "w", force_zip64=size > _LARGE) as entry:
                    async for piece in pieces:
                        entry.write(piece)
                        yield sink.take()
    yield sink.take()


def _stored(name: str) -> zipfile.ZipInfo:
    """An entry that is not compressed: pictures, sound and video are already."""
    return zipfile.ZipInfo(name, now().timetuple()[:6])


TABLES = ("following_accounts.csv", "followers.csv", "blocked_accounts.csv", "muted_accounts.csv",
          "blocked_domains.csv", "lists.csv", "bookmarks.csv")


def table(db: Database, actor_id: int, name: str) -> AsyncIterator[bytes]:
    """One of `TABLES` by itself."""
    head, query, cursor = _tables(actor_id)[name]
    return _table(db, head, query, cursor)


def _files(db: Database, actor_id: int, write_actor: WriteActor, files: Files | None,
           ) -> list[tuple[str, AsyncIterator[bytes]]]:
    found = [("actor.json", _actor(db, actor_id, write_actor, files)), ("outbox.json", _outbox(db, actor_id, files)),
             ("likes.json", _likes(db, actor_id)), ("bookmarks.json", _bookmarks(db, actor_id)),
             ("drafts.json", _drafts(db, actor_id))]
    return found + [(name, _table(db, head, query, cursor))
                    for name, (head, query, cursor) in _tables(actor_id).items()]


def _tables(actor_id: int) -> dict[str, tuple[Sequence[str], Any, Any]]:
    address = _address_of(Actor.name, Actor.host)
    return {
        "following_accounts.csv": (
            ("Account address", "Show boosts", "Notify on new posts", "Languages"),
            select(Follow.id, *address, Follow.show_boosts, Follow.notify, Follow.languages)
            .join(Actor, Actor.id == Follow.followed_id)
            .where(Follow.follower_id == actor_id, Follow.state == "accepted"), Follow.id),
        "followers.csv": (
            ("Account address",), select(Follow.id, *address).join(Actor, Actor.id == Follow.follower_id)
            .where(Follow.followed_id == actor_id, Follow.state == "accepted"), Follow.id),
        "blocked_accounts.csv": (
            (), select(Block.id, *address).join(Actor, Actor.id == Block.blocked_id)
            .where(Block.blocker_id == actor_id), Block.id),
        "muted_accounts.csv": (
            ("Account address", "Hide notifications"),
            select(Mute.id, *address, Mute.notifications).join(Actor, Actor.id == Mute.muted_id)
            .where(Mute.muter_id == actor_id), Mute.id),
        "blocked_domains.csv": (
            (), select(DomainMute.id, DomainMute.host).where(DomainMute.actor_id == actor_id), DomainMute.id),
        "lists.csv": (
            (), select(ListMember.id, List.title, *address).join(List, List.id == ListMember.list_id)
            .join(Actor, Actor.id == ListMember.actor_id).where(List.owner_id == actor_id), ListMember.id),
        "bookmarks.csv": (
            (), select(Bookmark.id, Object.uri).join(Object, Object.id == Bookmark.object_id)
            .where(Bookmark.actor_id == actor_id, Object.deleted_at.is_(None)), Bookmark.id),
    }


def _address_of(name: Any, host: Any) -> tuple[Any, Any]:
    return name.label("address_name"), host.label("address_host")


async def _pages(db: Database, query: Any, cursor: Any) -> AsyncIterator[Sequence[Any]]:
    """Rows in batches, oldest first; the first column is the cursor."""
    last = 0
    while True:
        async with db.read() as session:
            rows = (await session.execute(query.where(cursor > last).order_by(cursor).limit(_BATCH))).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


async def _table(db: Database, head: Sequence[str], query: Any, cursor: Any) -> AsyncIterator[bytes]:
    if head:
        yield _lines([head])
    async for rows in _pages(db, query, cursor):
        yield _lines([_cells(row) for row in rows])


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _cells(row: Any) -> list[str]:
    found: list[str] = []
    values = row._asdict()
    for name, value in list(values.items())[1:]:
        if name == "address_host":
            found[-1] += f"@{value or current().domain}"
        elif isinstance(value, bool):
            found.append("true" if value else "false")
        else:
            found.append(", ".join(value) if isinstance(value, list) else str(value or ""))
    return found


async def _actor(db: Database, actor_id: int, write_actor: WriteActor, files: Files | None) -> AsyncIterator[bytes]:
    async with db.read() as session:
        actor = await session.get_one(Actor, actor_id)
    document = write_actor(actor) | {"likes": "likes.json", "outbox": "outbox.json"}
    yield _encode({"@context": _CONTEXT, **_renamed(document, await files.pictures(actor) if files else {})})


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A document with addresses of files replaced by their names in the archive."""
    if not names:
        return value
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


async def _collection(name: str, pieces: AsyncIterator[list[Any]]) -> AsyncIterator[bytes]:
    """An OrderedCollection whose items come in batches."""
    head = _encode({"@context": _CONTEXT, "id": name, "type": "OrderedCollection"})
    yield head[:-1] + b',"orderedItems":['
    first = True
    async for items in pieces:
        for item in items:
            yield (b"" if first else b",") + _encode(item)
            first = False
    yield b"]}"


async def _outbox(db: Database, actor_id: int, files: Files | None) -> AsyncIterator[bytes]:
    async def acts() -> AsyncIterator[list[Any]]:
        own = select(Object.id).where(Object.author_id == actor_id, Object.deleted_at.is_(None))
        async for rows in _pages(db, own, Object.id):
            yield await _creates(db, actor_id, [row[0] for row in rows], files)
        boosts = select(Announce.id, Announce.uri, Announce.published, Object.uri.label("object"), Actor.uri).join(
            Object, Object.id == Announce.object_id).join(Actor, Actor.id == Announce.actor_id).where(
            Announce.actor_id == actor_id)
        async for rows in _pages(db, boosts, Announce.id):
            yield [{"id": uri, "type": "Announce", "actor": actor, "published": published.isoformat(), "object": target}
                   for _, uri, published, target, actor in rows]

    async for piece in _collection("outbox.json", acts()):
        yield piece


async def _creates(db: Database, actor_id: int, object_ids: list[int], files: Files | None) -> list[Any]:
    async with db.read() as session:
        found = await views.load_objects(session, object_ids, actor_id, with_marks=False)
        media = [item for view in found.values() for item in view.media]
        names = await files.names(session, media) if files and media else {}
    documents = [_renamed(registry.kind_named(view.object.kind).write(view, registry.Receiver()), names)
                 for view in found.values()]
    return [{"id": f"{document['id']}/activity", "type": "Create", "actor": document.get("attributedTo"),
             "published": document.get("published"), "to": document.get("to", []), "cc": document.get("cc", []),
             "object": document} for document in documents]


async def _likes(db: Database, actor_id: int) -> AsyncIterator[bytes]:
    async def liked() -> AsyncIterator[list[Any]]:
        query = select(Reaction.id, Object.uri).join(Object, Object.id == Reaction.object_id).where(
            Reaction.actor_id == actor_id, Reaction.kind == "like", Object.deleted_at.is_(None))
        async for rows in _pages(db, query, Reaction.id):
            yield [uri for _, uri in rows]

    async for piece in _collection("likes.json", liked()):
        yield piece


async def _bookmarks(db: Database, actor_id: int) -> AsyncIterator[bytes]:
    async def kept() -> AsyncIterator[list[Any]]:
        query = select(Bookmark.id, Object.uri).join(Object, Object.id == Bookmark.object_id).where(
            Bookmark.actor_id == actor_id, Object.deleted_at.is_(None))
        async for rows in _pages(db, query, Bookmark.id):
            yield [uri for _, uri in rows]

    async for piece in _collection("bookmarks.json", kept()):
        yield piece


async def _drafts(db: Database, actor_id: int) -> AsyncIterator[bytes]:
    """What was put aside, each as the composer keeps it, with its earlier versions."""
    async def kept() -> AsyncIterator[list[Any]]:
        async for rows in _pages(db, select(KeptDraft.id).where(KeptDraft.owner_id == actor_id), KeptDraft.id):
            for row in rows:
                yield await _draft(db, row[0])

    async for piece in _collection("drafts.json", kept()):
        yield piece


async def _draft(db: Database, draft_id: int) -> list[Any]:
    """One draft; there is at most a dozen megabytes of it."""
    async with db.read() as session:
        row = await session.get(KeptDraft, draft_id)
        earlier = (await session.scalars(select(KeptDraftVersion).where(
            KeptDraftVersion.draft_id == draft_id).order_by(KeptDraftVersion.id))).all()
        about = await session.get(Object, row.object_id) if row is not None and row.object_id else None
    if row is None:
        return []
    return [{"kind": row.kind, "updated": row.updated_at.isoformat(), "text": row.request, "object":
             about.uri if about is not None else None,
             "versions": [{"saved": item.saved_at.isoformat(), "text": item.request} for item in earlier]}]
