"""What others send to and about blogs: their articles, and comments, likes and boosts, as each software writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .peers import PUBLIC, Peer, RemotePerson, ago

Document = dict[str, Any]
TEXT = "<h2>Salt</h2><p>A <em>sour</em></p>"


def _article(author: RemotePerson, path: str, **changes: Any) -> Document:
    document = {
        "id": f"{author.peer.base}{path}", "type": "Article", "attributedTo": author.uri, "to": [PUBLIC],
        "cc": [author.followers], "name": "On rye", "content": TEXT, "published": ago(minutes=9),
        "url": f"{author.peer.base}{path}"} | changes
    author.peer.serve(document)
    return document


def writefreely(author: RemotePerson) -> Document:
    """Nothing but the text; links are relative, the followers stand in `cc` one by one."""
    return _article(author, "/api/posts/abcdefghij", url=f"{author.peer.base}/crumbs/on-rye", tag=[], attachment=[],
                    content=f'{TEXT}<p><a href="/crumbs/tag:bread" rel="nofollow">#bread</a></p>', contentMap={})


def wordpress(author: RemotePerson) -> Document:
    """An id with a query, entities in addresses, an excerpt, the author's blog as audience."""
    return _article(author, "/on-rye", id=f"{author.peer.base}/?p=42", mediaType="text/html",
                    url=f"{author.peer.base}/?p=42&#038;lang=en", nameMap={"en": "On rye"},
                    summary="A sour [&hellip;]", contentMap={"en": TEXT}, tag=[], updated=ago(minutes=5),
                    preview={"type": "Note", "content": "A sour"}, replies=f"{author.peer.base}/posts/42/replies")


def ghost(author: RemotePerson) -> Document:
    """Cover and excerpt, and a short form beside it."""
    return _article(author, "/.ghost/activitypub/article/1", url=f"{author.peer.base}/on-rye/", summary=None,
                    image=f"{author.peer.base}/content/images/rye.png", attachment=[],
                    preview={"type": "Note", "id": f"{author.peer.base}/.ghost/activitypub/note/1",
                             "content": "<p>A sour</p>"})


def plume(author: RemotePerson) -> Document:
    """Author and blog both in `attributedTo`, the cover as `icon`, a licence."""
    blog = author.peer.person("blog", type="Group")
    return _article(author, "/~/blog/on-rye/", attributedTo=[author.uri, blog.uri], subtitle="", license="CC-BY-SA",
                    summary="A sour", source={"content": "## Salt", "mediaType": "text/markdown"},
                    icon={"type": "Image", "url": f"{author.peer.base}/rye.png"}, tag=[
                        {"type": "Hashtag", "href": f"{author.peer.base}/tag/bread", "name": "bread"}])


def mobilizon(author: RemotePerson) -> Document:
    """A post of a group, written by one of its people."""
    group = author.peer.person("bakers", type="Group")
    return _article(author, "/p/on-rye", actor=author.uri, attributedTo=group.uri, media=[], draft=False,
                    attachment=[{"type": "Document", "name": "Banner", "mediaType": "image/png",
                                 "url": f"{author.peer.base}/rye.png"}])


def friendica(author: RemotePerson) -> Document:
    """Public in `cc`, the text once more as BBCode, empty fields."""
    return _article(author, "/objects/1", summary="", inReplyTo=None, to=[author.followers], cc=[PUBLIC],
                    source={"content": "[h2]Salt[/h2]", "mediaType": "text/bbcode"}, sensitive=False,
                    context=f"{author.peer.base}/objects/1#context", instrument={"type": "Service"})


def nodebb(author: RemotePerson) -> Document:
    """A topic: `context`, a summary, `updated` null."""
    return _article(author, "/post/1", inReplyTo=None, updated=None, context=f"{author.peer.base}/topic/1",
                    summary="A sour", audience=None, preview={"type": "Note", "content": "A sour"})


ARTICLES: Mapping[str, Callable[[RemotePerson], Document]] = {
    "WriteFreely": writefreely, "WordPress": wordpress, "Ghost": ghost, "Plume": plume, "Mobilizon": mobilizon,
    "Friendica": friendica, "NodeBB": nodebb}


@dataclass(frozen=True, slots=True)
class Talk:
    """How one software talks about an article: `comment` adds to a reply, `like` to a Like; None: it has none."""

    comment: Document | None
    like: Document | None = None
    boosts: bool = True
    path: str = "/notes/1"


TALK: Mapping[str, Talk] = {
    "Mastodon": Talk({"summary": None, "sensitive": False, "contentMap": {"en": "<p>Lovely</p>"}}, {}),
    "Hometown": Talk({"summary": None, "sensitive": False}, {}),
    "GoToSocial": Talk({"interactionPolicy": {"canLike": {"always": [PUBLIC]}}, "summary": ""}, {"to": "AUTHOR"}),
    "Misskey": Talk({"_misskey_content": "Lovely", "_misskey_summary": None, "source": {
        "content": "Lovely", "mediaType": "text/x.misskeymarkdown"}},
        {"content": "❤", "_misskey_reaction": "❤"}),
    "Akkoma": Talk({"source": {"content": "Lovely", "mediaType": "text/plain"}, "context": "x:y"}, {}),
    "Friendica": Talk({"summary": "", "name": None, "instrument": {"type": "Service"}}, {}),
    "WordPress": Talk({"contentMap": {"en": "<p>Lovely</p>"}, "context": "https://potluck.test/x"}, {}, path="/?c=7"),
    "Plume": Talk({"summary": "", "to": "STRING"}, {}, path="/~/blog/on-rye/comment/1"),
    "Ghost": Talk({"attachment": []}, {}, path="/.ghost/activitypub/note/9"),
    "Lemmy": Talk({"mediaType": "text/html", "source": {"content": "Lovely", "mediaType": "text/markdown"},
                   "distinguished": False}, {}, path="/comment/1"),
    "Pixelfed": Talk({"capabilities": {"announce": PUBLIC}, "commentsEnabled": True}, {}),
    "WriteFreely": Talk(None, {}, boosts=False),
}


def answer(talk: Talk, author: RemotePerson, parent: str, blog: str) -> Document:
    """A comment under an article of ours."""
    more = dict(talk.comment or {})
    to: Any = PUBLIC if more.pop("to", None) == "STRING" else [PUBLIC]
    document = {
        "id": f"{author.peer.base}{talk.path}", "type": "Note", "attributedTo": author.uri, "inReplyTo": parent,
        "to": to, "cc": [author.followers, blog], "content": "<p>Lovely</p>", "published": ago(minutes=2),
        "tag": [{"type": "Mention", "href": blog, "name": "@crumbs@potluck.test"}]} | more
    author.peer.serve(document)
    return document


def newer(document: Document, peer: Peer) -> Document:
    """The same article, edited."""
    changed = document | {"name": "On barley", "content": "<p>Changed</p>", "updated": ago(seconds=1)}
    for name in ("nameMap", "contentMap"):
        changed.pop(name, None)
    peer.serve(changed)
    return changed
