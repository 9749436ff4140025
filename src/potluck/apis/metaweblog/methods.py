"""The methods: what blogs there are, posts, their categories, pictures."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis import articles
from potluck.apis.metaweblog import structs
from potluck.apis.metaweblog.endpoint import BY, Call, method, methods
from potluck.apis.metaweblog.structs import Struct
from potluck.apis.metaweblog.xml import Fault
from potluck.apis.params import parse_id
from potluck.kinds.article import actions, drafts, publishing
from potluck.kinds.article.drafts import KIND, Writing
from potluck.media import attachments, sniffing, uploads
from potluck.media.storage import storage_of
from potluck.settings import current
from potluck.social import kept_drafts
from potluck.social.addresses import profile_url
from potluck.social.blogs import authors, listing
from potluck.social.model import Actor, Article, KeptDraft

MOST = 100
_WAIT_SECONDS = 30.0


@method("system.listMethods", "mt.supportedMethods", login=None)
async def list_methods(_call: Call) -> Any:
    """Which methods there are."""
    return sorted(methods)


@method("mt.supportedTextFilters", login=None)
async def text_filters(_call: Call) -> Any:
    """How texts may be written: in HTML, or in Markdown."""
    return [{"key": structs.MARKDOWN, "label": "Markdown"}]


@method("blogger.getUsersBlogs", login=1)
async def users_blogs(call: Call) -> Any:
    """Where one may publish: the own profile first, then one's blogs."""
    return await _blogs(call)


@method("wp.getUsersBlogs", login=0)
async def wp_users_blogs(call: Call) -> Any:
    """The same."""
    return [{**item, "xmlrpc": f"{current().url}/xmlrpc"} for item in await _blogs(call)]


async def _blogs(call: Call) -> list[Struct]:
    found = await authors.blogs_of(await call.reader(), call.me.id)
    return [{"blogid": str(actor.id), "blogName": actor.display_name or actor.name,
             "url": f"{profile_url(actor.name)}/", "isAdmin": role == authors.OWNER}
            for actor, role in ((call.me, authors.OWNER), *((actor, role) for actor, _, role in found))]


@method("blogger.getUserInfo", login=1)
async def user_info(call: Call) -> Any:
    """Who one is."""
    me = call.me
    return {"userid": str(me.id), "nickname": me.display_name or me.name, "firstname": me.display_name or me.name,
            "lastname": "", "url": profile_url(me.name), "email": ""}


@method("wp.getOptions", login=1)
async def options(_call: Call) -> Any:
    """What this server is."""
    return {"software_name": {"desc": "Software", "readonly": True, "value": "Potluck"},
            "blog_url": {"desc": "Address", "readonly": True, "value": current().url}}


async def _blog_id(session: AsyncSession, call: Call, index: int = 0) -> int | None:
    """The blog a call names; None for the own profile.

    Raises:
        Fault: the caller does not write there.
    """
    found = parse_id(call.at(index, str, ""))
    if found in (None, 0, 1, call.me.id):
        return None
    actor = await session.get(Actor, found)
    if actor is None or await authors.role_of(session, actor.id, call.me.id) is None:
        raise Fault(403, "You do not write in this blog")
    return found


def _post_id(call: Call, index: int = 0) -> int | None:
    return parse_id(call.at(index, str, ""))


@method("metaWeblog.newPost", login=1)
async def new_post(call: Call) -> Any:
    """A draft, or an article at once; its id."""
    struct, publish = call.at(1, dict, {}), call.flag(2)
    blog_id = await _blog_id(await call.reader(), call)
    writing = msgspec.structs.replace(structs.writing_from(struct, Writing(content_type="text/html")), blog_id=blog_id)
    if not structs.is_draft(struct, publish):
        found = await articles.publish(call, call.me, writing, BY, created=structs.date_of(struct))
        return str(found)
    async with call.write() as session:
        return str((await articles.save_draft(session, call.me, writing, BY)).id)


@method("metaWeblog.editPost", login=1)
async def edit_post(call: Call) -> Any:
    """Change a post; a draft may be published, and an article become a draft again."""
    struct, publish = call.at(1, dict, {}), call.flag(2)
    draft = await articles.draft(await call.reader(), call.me.id, _post_id(call))
    if draft is not None:
        return await _edit_draft(call, draft, struct, publish)
    session = await call.reader()
    row = await articles.own(session, call.me, _post_id(call))
    _, request = await actions.source(session, call.me, row.id)
    await articles.revise(call, call.me, row.id, structs.writing_from(struct, publishing.writing_of(request)))
    if structs.is_draft(struct, publish):
        async with call.write() as session:
            writer = await session.get_one(Actor, call.me.id)
            await articles.unpublish(session, writer, await articles.own(session, writer, _post_id(call)), BY)
    return True


async def _edit_draft(call: Call, draft: KeptDraft, struct: Struct, publish: bool) -> bool:
    writing = structs.writing_from(struct, drafts.from_words(draft.request))
    if not structs.is_draft(struct, publish):
        await articles.publish(call, call.me, writing, BY, created=structs.date_of(struct), draft=draft)
        return True
    async with call.write() as session:
        await articles.save_draft(session, call.me, writing, BY, row=draft)
    return True


@method("metaWeblog.getPost", login=1)
async def get_post(call: Call) -> Any:
    """One post of one's own."""
    session = await call.reader()
    draft = await articles.draft(session, call.me.id, _post_id(call))
    if draft is not None:
        return structs.of_draft(draft)
    row = await articles.own(session, call.me, _post_id(call))
    view = await articles.view_of(session, row.id, call.me.id)
    return structs.of_article(view, structs.writing_of(view))


@method("metaWeblog.getRecentPosts", login=1)
async def recent_posts(call: Call) -> Any:
    """One's newest posts in a blog, drafts first."""
    session = await call.reader()
    blog_id = await _blog_id(session, call)
    limit = max(1, min(call.at(1, int, 10), MOST))
    rows = (await session.scalars(select(KeptDraft).where(
        KeptDraft.owner_id == call.me.id, KeptDraft.kind == KIND, KeptDraft.object_id.is_(None))
        .order_by(KeptDraft.id.desc()).limit(limit))).all()
    found = [structs.of_draft(row) for row in rows if row.request.get("blog_id") == blog_id]
    ids = (await session.scalars(select(Article.object_id).where(
        Article.author_id == (blog_id or call.me.id), Article.writer_id == call.me.id)
        .order_by(Article.object_id.desc()).limit(limit))).all()
    found += [structs.of_article(view, structs.writing_of(view))
              for view in await articles.views_of(session, call.me.id, ids)]
    return found[:limit]


@method("blogger.deletePost", login=2)
async def delete_post(call: Call) -> Any:
    """Throw a draft away, or delete an article here and elsewhere."""
    async with call.write() as session:
        draft = await articles.draft(session, call.me.id, _post_id(call, 1))
        if draft is not None:
            await kept_drafts.delete(session, call.me.id, draft.id)
            return True
        writer = await session.get_one(Actor, call.me.id)
        row = await articles.own(session, writer, _post_id(call, 1))
        await actions.delete(session, writer, row.id)
    return True


@method("metaWeblog.getCategories", "mt.getCategoryList", "wp.getCategories", "wp.getTags", login=1)
async def categories(call: Call) -> Any:
    """The tags a blog uses most: what these editors call categories."""
    session = await call.reader()
    author = await _blog_id(session, call) or call.me.id
    tags = await listing.tags_of(session, author, author)
    return [{"categoryId": str(tag.id), "categoryName": tag.display, "description": tag.display, "name": tag.display,
             "tag_id": str(tag.id), "title": tag.display, "htmlUrl": f"{current().url}/tags/{tag.name}",
             "rssUrl": f"{current().url}/tags/{tag.name}.rss"} for tag in tags]


@method("mt.getPostCategories", login=1)
async def post_categories(call: Call) -> Any:
    """The tags of a post."""
    found = await get_post(call)
    return [{"categoryId": name, "categoryName": name, "isPrimary": index == 0}
            for index, name in enumerate(found["categories"])]


@method("mt.setPostCategories", login=1)
async def set_categories(call: Call) -> Any:
    """Give a post other tags. They come with the post itself as well, so a list of numbers changes nothing."""
    names = [item.get("categoryName") or item.get("categoryId") for item in call.at(1, list, [])
             if isinstance(item, dict)]
    words = [name for name in names if isinstance(name, str) and not name.isdigit()]
    if not words:
        return True
    found = await get_post(call)
    call.args = (call.args[0], {"categories": words, "mt_keywords": ""}, found["post_status"] == "publish")
    return await edit_post(call)


@method("metaWeblog.newMediaObject", "wp.uploadFile", login=1)
async def new_media(call: Call) -> Any:
    """Take a picture; the text names it by its address."""
    struct = call.at(1, dict, {})
    bits, name = struct.get("bits"), struct.get("name")
    if not isinstance(bits, bytes) or not bits:
        raise Fault(400, "The picture is missing")
    await call.stop_reading()
    path = await asyncio.to_thread(storage_of(call.settings).local.arriving)
    await asyncio.to_thread(path.write_bytes, bits)
    kind = await asyncio.to_thread(sniffing.media_type_of_file, path)
    if not kind.startswith("image/"):
        await asyncio.to_thread(path.unlink)
        raise Fault(400, "Only pictures can be sent here")
    media = await uploads.accept(call.db, call.me, path, file_name=name if isinstance(name, str) else "",
                                 purpose="linked")
    media = await attachments.until_prepared(call.db, call.me, media, seconds=_WAIT_SECONDS)
    if media.state != "ready" or not media.url:
        raise Fault(400, media.error or "The picture could not be prepared in time")
    return {"id": str(media.id), "url": media.url, "file": name if isinstance(name, str) else "", "type": kind}
