"""A blog in the form of WordPress' export (WXR 1.2) as its importer takes it: texts as HTML, pictures by address."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import quote

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.media.storage import Storage
from potluck.settings import current
from potluck.social.blogs.places import slug_of
from potluck.social.model import Actor
from potluck.text.longform import for_others, parse_long
from potluck.text.render import TextTooLong
from potluck.transfer.blogs import leaving
from potluck.transfer.blogs.items import DRAFT, PUBLIC, UNLISTED
from potluck.transfer.blogs.leaving import File, Leaver

_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"
 xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
"""


async def wxr(db: Database, storage: Storage, blog: Actor, person: Actor, *, drafts: bool,
              done: Callable[[int], None] = lambda _count: None) -> AsyncIterator[bytes]:
    """The file, in pieces. Numbers are WordPress' own way of naming things: they are counted from one."""
    count, number = 0, 0
    listed = (blog.extra.get("blog") or {}).get("visibility", "public")
    yield (_HEAD + _channel(blog)).encode()
    async for batch in leaving.articles(db, storage, blog.id):
        made = []
        for item in batch:
            cover = 0
            for file in item.files:
                number += 1
                cover = number if file is item.cover else cover
                made.append(_picture(file, number, blog, item))
            number += 1
            made.append(_item(item, number, cover, blog, listed))
        yield "".join(made).encode("utf-8", "replace")
        count += len(batch)
        done(count)
    if drafts:
        async for item in leaving.drafts(db, storage, person, blog.id):
            number += 1
            yield _item(item, number, 0, blog, listed).encode("utf-8", "replace")
    yield b"</channel>\n</rss>\n"


def _cdata(text: str) -> str:
    return "<![CDATA[" + _UNUSABLE.sub("", text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _channel(blog: Actor) -> str:
    site = escape(blog.url or current().url)
    language = (blog.extra.get("blog") or {}).get("language") or ""
    name = blog.display_name or blog.name
    return (f"<title>{escape(_UNUSABLE.sub('', name))}</title>\n<link>{site}</link>\n<description></description>\n"
            f"<pubDate>{format_datetime(now())}</pubDate>\n<language>{escape(language)}</language>\n"
            f"<wp:wxr_version>1.2</wp:wxr_version>\n<wp:base_site_url>{escape(current().url)}</wp:base_site_url>\n"
            f"<wp:base_blog_url>{site}</wp:base_blog_url>\n<wp:author><wp:author_id>1</wp:author_id>"
            f"<wp:author_login>{_cdata(blog.name)}</wp:author_login><wp:author_email></wp:author_email>"
            f"<wp:author_display_name>{_cdata(name)}</wp:author_display_name></wp:author>\n")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _html(item: Leaver) -> str:
    if item.html:
        return for_others(item.html)
    try:
        return parse_long(item.text, "text/html" if item.content_type == "text/html" else "text/markdown",
                          base_url=current().url).html
    except TextTooLong:
        return escape(item.text)


def _status(item: Leaver, listed: str) -> str:
    """WordPress knows no articles that only who has the address finds: these become private, as those of followers."""
    if item.state == DRAFT:
        return "draft"
    return "publish" if item.state == PUBLIC or (item.state == UNLISTED and listed == UNLISTED) else "private"


def _item(item: Leaver, number: int, cover: int, blog: Actor, listed: str) -> str:
    tags = "".join(f'<category domain="post_tag" nicename="{escape(quote(slug_of(tag)))}">{_cdata(tag)}</category>\n'
                   for tag in item.tags)
    moment = _time(item.published)
    return (f"<item>\n<title>{_cdata(item.title)}</title>\n"
            f"<link>{escape(f'{blog.url}/{quote(item.slug)}')}</link>\n"
            f"<pubDate>{format_datetime(item.published)}</pubDate>\n<dc:creator>{_cdata(blog.name)}</dc:creator>\n"
            f'<guid isPermaLink="false">{escape(item.uri)}</guid>\n<description></description>\n'
            f"<content:encoded>{_cdata(_html(item))}</content:encoded>\n"
            f"<excerpt:encoded>{_cdata(item.summary)}</excerpt:encoded>\n<wp:post_id>{number}</wp:post_id>\n"
            f"<wp:post_date>{_cdata(moment)}</wp:post_date>\n<wp:post_date_gmt>{_cdata(moment)}</wp:post_date_gmt>\n"
            + _rest(item, "page" if item.page else "post", _status(item, listed)) + tags
            + (_meta("_thumbnail_id", str(cover)) if cover else "") + "</item>\n")


def _rest(item: Leaver, kind: str, status: str) -> str:
    changed = _cdata(_time(item.edited or item.published))
    comments = "closed" if item.comments == "closed" else "open"
    return (f"<wp:post_modified>{changed}</wp:post_modified>\n<wp:post_modified_gmt>{changed}</wp:post_modified_gmt>\n"
            f"<wp:comment_status>{_cdata(comments)}</wp:comment_status>\n"
            f"<wp:ping_status>{_cdata('closed')}</wp:ping_status>\n<wp:post_name>{_cdata(item.slug)}</wp:post_name>\n"
            f"<wp:status>{_cdata(status)}</wp:status>\n<wp:post_parent>0</wp:post_parent>\n"
            f"<wp:menu_order>0</wp:menu_order>\n<wp:post_type>{_cdata(kind)}</wp:post_type>\n"
            f"<wp:post_password>{_cdata('')}</wp:post_password>\n<wp:is_sticky>{int(item.pinned)}</wp:is_sticky>\n")


def _meta(key: str, value: str) -> str:
    return (f"<wp:postmeta><wp:meta_key>{_cdata(key)}</wp:meta_key><wp:meta_value>{_cdata(value)}</wp:meta_value>"
            "</wp:postmeta>\n")


def _picture(file: File, number: int, blog: Actor, item: Leaver) -> str:
    """A file is an entry of its own: the importer fetches it and puts its new address into the texts."""
    moment = _cdata(_time(item.published))
    return (f"<item>\n<title>{_cdata(file.name.rpartition('/')[2])}</title>\n<link>{escape(file.url)}</link>\n"
            f"<pubDate>{format_datetime(item.published)}</pubDate>\n<dc:creator>{_cdata(blog.name)}</dc:creator>\n"
            f'<guid isPermaLink="false">{escape(file.url)}</guid>\n<description></description>\n'
            "<content:encoded><![CDATA[]]></content:encoded>\n<excerpt:encoded><![CDATA[]]></excerpt:encoded>\n"
            f"<wp:post_id>{number}</wp:post_id>\n<wp:post_date>{moment}</wp:post_date>\n"
            f"<wp:post_date_gmt>{moment}</wp:post_date_gmt>\n<wp:comment_status>{_cdata('closed')}</wp:comment_status>\n"
            f"<wp:ping_status>{_cdata('closed')}</wp:ping_status>\n"
            f"<wp:post_name>{_cdata(f'picture-{number}')}</wp:post_name>\n<wp:status>{_cdata('inherit')}</wp:status>\n"
            "<wp:post_parent>0</wp:post_parent>\n<wp:menu_order>0</wp:menu_order>\n"
            f"<wp:post_type>{_cdata('attachment')}</wp:post_type>\n<wp:post_password>{_cdata('')}</wp:post_password>\n"
            f"<wp:is_sticky>0</wp:is_sticky>\n<wp:attachment_url>{_cdata(file.url)}</wp:attachment_url>\n"
            + (_meta("_wp_attachment_image_alt", file.description) if file.description else "") + "</item>\n")
