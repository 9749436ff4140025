"""Posts, drafts and acts by their address, as far as they belong to the site a token is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.indieauth.endpoint import Call
from potluck.apis.indieauth.sites import Site, me_of
from potluck.kinds.article import drafts as article_drafts
from potluck.kinds.article.drafts import KIND as ARTICLE
from potluck.settings import current
from potluck.social import views
from potluck.social.addresses import profile_url
from potluck.social.blogs import authors, places
from potluck.social.errors import NotFound
from potluck.social.model import Actor, KeptDraft, Object
from potluck.social.views import ObjectView

NOTE = "note"
KINDS = (NOTE, ARTICLE)
_DRAFT = re.compile(r"/(?:write|drafts)/(\d{1,16})\Z")
_ACT = re.compile(r"/(?:(favourites|bookmarks)#|@[a-z0-9_]+#(boost)-)(\d{1,16})\Z")
_OBJECT = re.compile(r"/(?:objects|@([a-z0-9_]+))/(\d{1,16})\Z")
_ARTICLE = re.compile(r"/@([a-z0-9_]+)/([^/]+)\Z")
_ACTS = {"favourites": "like-of", "bookmarks": "bookmark-of", "boost": "repost-of"}


@dataclass(frozen=True, slots=True)
class Act:
    """A like, boost or bookmark: the property it is, and of which object."""

    property: str
    object_id: int


Post = ObjectView | KeptDraft | Act


def address_of_act(prop: str, me: Actor, object_id: int) -> str:
    """Where a person finds a like, boost or bookmark of theirs, and by which address an app takes it back."""
    word = next(word for word, name in _ACTS.items() if name == prop)
    return f"{profile_url(me.name)}#boost-{object_id}" if word == "boost" else f"{current().url}/{word}#{object_id}"


def address_of_draft(row: KeptDraft) -> str:
    """Where a person goes on with a draft."""
    return f"{current().url}/{'write' if row.kind == ARTICLE else 'drafts'}/{row.id}"


async def post(session: AsyncSession, call: Call, url: str) -> Post:
    """What has an address, if the caller may change it by this token.

    Raises:
        NotFound: there is nothing, or it is of another site or person.
    """
    path = _path(call.site, url.strip()[:2048])
    if found := _DRAFT.search(path):
        return await _draft(session, call, int(found[1]))
    if found := _ACT.search(path):
        if call.site.is_blog:
            raise NotFound
        return Act(_ACTS[found[1] or found[2]], int(found[3]))
    return await published(session, call, await _object_id(session, path))


def canonical(site: Site, url: str) -> str:
    """An address on this server, also of what was named by that under the blog's own domain.

    Raises:
        NotFound: it is neither.
    """
    return f"{current().url}{_path(site, url.strip()[:2048])}"


def _path(site: Site, url: str) -> str:
    """The path on this server, also of an address under the blog's own domain."""
    base, own = current().url, me_of(site.actor)
    if not url.startswith(f"{base}/") and url.startswith(own) and own.endswith("/"):
        return f"/@{site.actor.name}/{url.removeprefix(own).rstrip('/').removeprefix(f'@{site.actor.name}/')}"
    if not url.startswith(f"{base}/"):
        raise NotFound
    return url.removeprefix(base).rstrip("/")


async def _object_id(session: AsyncSession, path: str) -> int:
    if found := _OBJECT.fullmatch(path):
        return int(found[2])
    named = _ARTICLE.fullmatch(path)
    author = await session.scalar(select(Actor.id).where(Actor.handle == named[1])) if named else None
    place = await places.find(session, author, unquote(named[2])) if named and author else None
    if place is None:
        raise NotFound
    return place.object_id


async def _draft(session: AsyncSession, call: Call, draft_id: int) -> KeptDraft:
    row: KeptDraft | None = await session.scalar(select(KeptDraft).where(
        KeptDraft.id == draft_id, KeptDraft.owner_id == call.me.id, KeptDraft.kind.in_(KINDS),
        KeptDraft.object_id.is_(None)))
    if row is None or not is_of(row, call.site):
        raise NotFound
    return row


def is_of(row: KeptDraft, site: Site) -> bool:
    """Whether a draft is for a site."""
    blog_id = article_drafts.from_words(row.request).blog_id if row.kind == ARTICLE else None
    return blog_id == (site.actor.id if site.is_blog else None)


async def published(session: AsyncSession, call: Call, object_id: int) -> ObjectView:
    """A published post of the site that the caller may change. What is said to single people is none of an app's.

    Raises:
        NotFound: there is none.
    """
    row = await session.get(Object, object_id)
    site = call.site
    if row is None or row.deleted_at is not None or not row.local or row.kind not in KINDS \
            or row.author_id != site.actor.id or row.visibility == "direct":
        raise NotFound
    if site.is_blog and row.id not in await authors.editable(session, call.me.id, [row]):
        raise NotFound
    found = await views.load_objects(session, [row.id], row.author_id, with_marks=False)
    if row.id not in found:
        raise NotFound
    return found[row.id]
