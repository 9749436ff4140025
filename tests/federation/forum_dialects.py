"""What the forum software of others sends: a post, a comment, a vote and its end, each as that software writes it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .peers import PUBLIC, RemotePerson, ago

_numbers = itertools.count(1)
Document = dict[str, Any]
LINK = "https://soup.example/broth"


def _served(author: RemotePerson, document: Document) -> Document:
    author.peer.serve(document)
    return document


def _base(author: RemotePerson, kind: str, path: str, **more: Any) -> Document:
    return {"id": f"{author.peer.base}/{path}/{next(_numbers)}", "type": kind, "attributedTo": author.uri,
            "published": ago(minutes=3), **more}


def lemmy_post(author: RemotePerson, group: str) -> Document:
    """A Page whose link is its first attachment."""
    return _served(author, _base(
        author, "Page", "post", to=[group, PUBLIC], cc=[], audience=group, name="On broth", content="<p>slow</p>",
        mediaType="text/html", source={"content": "slow", "mediaType": "text/markdown"},
        attachment=[{"type": "Link", "href": LINK}], sensitive=False, language={"identifier": "en", "name": "English"},
        tag=[{"type": "Hashtag", "name": "#stews", "href": f"{author.peer.base}/post/1"}]))


def lotide_post(author: RemotePerson, group: str) -> Document:
    """A Note with the title in `name` and `summary`, addressed by plain strings."""
    return _served(author, _base(
        author, "Note", "posts", to=group, cc=PUBLIC, name="On broth", summary="On broth",
        target=f"{group}/outbox", attachment=[{"type": "Link", "href": LINK}], sensitive=False))


def mbin_post(author: RemotePerson, group: str) -> Document:
    """A Page whose `source` is the link."""
    return _served(author, _base(
        author, "Page", "m/stews/t", to=[group, PUBLIC], cc=[author.followers], audience=group, name="On broth",
        summary="On broth #stews", content="<p>slow</p>", source=LINK, commentsEnabled=True, stickied=False,
        contentMap={"en": "<p>slow</p>"}, attachment=[{"type": "Link", "href": LINK}]))


def nodebb_post(author: RemotePerson, group: str) -> Document:
    """An Article whose `context` is the topic."""
    return _served(author, _base(
        author, "Article", "post", to=[PUBLIC, group], cc=[author.followers], inReplyTo=None, updated=None,
        audience=group, name="On broth", content="<p>slow</p>", context=f"{author.peer.base}/topic/1", summary="slow",
        preview={"type": "Note", "content": "<p>slow</p>"}, attachment=[], tag=[]))


def piefed_post(author: RemotePerson, group: str) -> Document:
    """Lemmy's Page with a flair and marks of its own."""
    return lemmy_post(author, group) | {
        "commentsEnabled": True, "nsfl": False, "genAI": False, "stickied": False,
        "tag": [{"type": "lemmy:CommunityTag", "id": f"{group}/tag/1", "display_name": "Question"}]}


def mastodon_post(author: RemotePerson, group: str) -> Document:
    """A Note that mentions the community."""
    return _served(author, _base(
        author, "Note", "notes", to=[PUBLIC], cc=[author.followers, group], sensitive=False, summary=None,
        inReplyTo=None, attachment=[], content=f'<p><a href="{group}">@<span>stews</span></a> On broth</p>',
        tag=[{"type": "Mention", "href": group, "name": "@stews@potluck.test"}]))


def comment_in_cc(author: RemotePerson, group: str, parent: str) -> Document:
    """Lemmy 0.19, Mbin, PieFed: Public in `to`, the community in `cc`."""
    return _served(author, _base(author, "Note", "comment", to=[PUBLIC], cc=[group], audience=group, inReplyTo=parent,
                                 content="<p>hm</p>", mediaType="text/html", distinguished=False, attachment=[]))


def comment_in_to(author: RemotePerson, group: str, parent: str) -> Document:
    """Lemmy 1.0: community and Public in `to`, and a Mention of the community."""
    return _served(author, _base(
        author, "Note", "comment", to=[group, PUBLIC], cc=[], audience=group, inReplyTo=parent, content="<p>hm</p>",
        tag=[{"type": "Mention", "href": group, "name": "@stews@potluck.test"}]))


def comment_without_group(author: RemotePerson, _group: str, parent: str) -> Document:
    """Mastodon, Smithereen, NodeBB: only the parent says where it belongs."""
    return _served(author, _base(author, "Note", "notes", to=[PUBLIC], cc=[author.followers], inReplyTo=parent,
                                 content="<p>hm</p>", tag=[], attachment=[]))


def lotide_comment(author: RemotePerson, group: str, parent: str) -> Document:
    """Plain strings where they will do."""
    return _served(author, _base(author, "Note", "comments", to=author.uri, cc=[PUBLIC, group], inReplyTo=parent,
                                 content="<p>hm</p>\n", mediaType="text/html",
                                 source={"mediaType": "text/markdown", "content": "hm"}))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one software writes. `kind` and `title` are what a post must be read as; `undo` what it nests in an Undo."""

    post: Callable[[RemotePerson, str], Document]
    comment: Callable[[RemotePerson, str, str], Document]
    kind: str = "link"
    title: str | None = "On broth"
    link: str | None = LINK
    undo: str = "anew"  # the vote with a new id; `same`: with its own; `id`: its id alone
    downvotes: bool = True
    joins: bool = False


DIALECTS: Mapping[str, Dialect] = {
    "Lemmy 0.19": Dialect(lemmy_post, comment_in_cc), "Lemmy 1.0": Dialect(lemmy_post, comment_in_to),
    "Lotide": Dialect(lotide_post, lotide_comment, undo="id", downvotes=False, joins=True),
    "Mbin": Dialect(mbin_post, comment_in_cc, undo="same", downvotes=False),
    "NodeBB": Dialect(nodebb_post, comment_without_group, kind="article", link=None, undo="same"),
    "PieFed": Dialect(piefed_post, comment_in_cc),
    "Mastodon": Dialect(mastodon_post, comment_without_group, kind="note", title=None, link=None, undo="same",
                        downvotes=False),
}
