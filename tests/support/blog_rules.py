"""How others read an article of ours: what each software shows of it, or why it refuses it.

Read from their sources, as `wire/blog.md` records them (Misskey: `ApNoteService`, which takes `summary` as the warning
and no `name`). Plume and Mobilizon take articles only of an actor that is a blog or a group of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from support import forum_rules

PUBLIC = forum_rules.PUBLIC
Document = Mapping[str, Any]
_IMAGE = re.compile(r"<img\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")


class Refused(Exception):
    """The article is not taken, and why."""


@dataclass
class Reading:
    """What somebody sees.

    folded: what stands in front of a text that has to be opened.
    """

    title: str = ""
    text: str = ""
    folded: str = ""
    link: str = ""
    pictures: list[str] = field(default_factory=list)


def _need(condition: object, why: str) -> None:
    if not condition:
        raise Refused(why)


def _host(uri: object) -> str:
    return urlsplit(str(uri)).netloc


def _moment(text: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Refused(f"{text} is no time") from error
    _need(found.tzinfo, f"{text} has no time zone")
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _pictures(article: Document) -> list[str]:
    return [item["url"] for item in _list(article.get("attachment"))
            if item.get("type") in ("Image", "Document") and str(item.get("mediaType", "image/")).startswith("image/")]


def _common(activity: Document) -> Document:
    """What nobody does without: ids on the author's host, one author who is the actor, an audience, a time."""
    article: Document = activity["object"]
    _need(activity["type"] in ("Create", "Update"), f"{activity['type']} brings no article")
    _need(isinstance(activity["id"], str) and activity["id"] != article["id"], "the activity has its object's id")
    _need(article.get("type") == "Article", "it is no Article")
    _need(_host(article["id"]) == _host(activity["actor"]) == _host(activity["id"]), "ids on several hosts")
    _need(article.get("attributedTo") == activity["actor"], "somebody else's article")
    _need(article.get("to") and isinstance(article["to"], list), "it is for nobody")
    _need(isinstance(article.get("content"), str), "it has no text")
    _moment(article.get("published"))
    return article


def mastodon(activity: Document) -> Reading:
    """Title, summary and link; the text is not looked at. The first four files."""
    article = _common(activity)
    _need(str(article.get("url")).startswith("https://"), "no address that can be opened")
    return Reading(title=article["name"], text=article.get("summary", ""), link=article["url"],
                   pictures=_pictures(article)[:4])


def hometown(activity: Document) -> Reading:
    """The whole text with its pictures in place, folded behind the summary, or else the title."""
    article = _common(activity)
    sources = re.findall(r'<img\b[^>]*?\ssrc="([^"]*)"', article["content"])
    _need(all(source.startswith("https://") for source in sources), "a picture that cannot be fetched")
    return Reading(title=article["name"], text=article["content"], pictures=sources, link=article["url"],
                   folded=article.get("summary") or article["name"])


def gotosocial(activity: Document) -> Reading:
    """The text without pictures, these below it; folded behind the summary, or else the name, which is not shown."""
    article = _common(activity)
    if "updated" in article:
        _need(_moment(article["updated"]) >= _moment(article["published"]), "changed before it was published")
    _need(isinstance(article.get("url"), str), "its address is no string")
    summary = _TAG.sub("", article.get("summary") or "")
    return Reading(title="" if summary else article["name"], text=_IMAGE.sub("", article["content"]),
                   folded=summary or article["name"], pictures=_pictures(article), link=article["url"])


def pleroma(activity: Document) -> Reading:
    """The name as a link in front of the text; the summary folds it."""
    article = _common(activity)
    for name in ("name", "content", "summary"):
        _need(isinstance(article.get(name, ""), str), f"{name} is no string")
    return Reading(title=article["name"], text=article["content"], folded=article.get("summary", ""),
                   pictures=_pictures(article), link=article["url"])


def misskey(activity: Document) -> Reading:
    """The text only; the summary, as it is written, folds it. No name."""
    article = _common(activity)
    for name in ("id", "url"):
        _need(str(article[name]).startswith("https://"), f"{name} is not https")
    _need(_host(article["url"]) == _host(article["id"]), "its page is on another host")
    return Reading(text=article["content"], folded=article.get("summary") or "", pictures=_pictures(article)[:16],
                   link=article["url"])


def friendica(activity: Document) -> Reading:
    """Title and text; the summary as an abstract before them."""
    article = _common(activity)
    return Reading(title=article["name"], text=article["content"], pictures=_pictures(article), link=article["url"])


def ghost(activity: Document) -> Reading:
    """Title, excerpt, cover and text in its reader; every value has the type that the vocabulary says."""
    article = _common(activity)
    for address in (article["id"], article["url"], article["attributedTo"], *article["to"], *article["cc"]):
        _need(urlsplit(address).scheme, f"{address} is no address")
    for name in ("published", "updated"):
        if name in article:
            _moment(article[name])
    preview = article.get("preview")
    _need(preview is None or preview.get("type") == "Note", "a preview that is no Note")
    image = article.get("image")
    _need(image is None or str(image.get("url")).startswith("https://"), "a cover without an address")
    return Reading(title=article["name"], text=article["content"], pictures=[image["url"]] if image else [],
                   link=article["url"], folded="")


def lemmy(activity: Document) -> Reading:
    """A post, if it is in a community; its address is the first attachment."""
    article: Document = activity["object"]
    _need(article.get("audience"), "in no community")
    problems = list(forum_rules.problems("Lemmy 1.0", activity))
    _need(not problems, "; ".join(problems))
    first = article["attachment"][0]
    return Reading(title=article["name"], text=(article.get("source") or {}).get("content") or article["content"],
                   link=first.get("href") or first["url"], pictures=_pictures(article))


def _of_its_own_kind(kind: str) -> Callable[[Document], Reading]:
    def read(activity: Document) -> Reading:
        article = _common(activity)
        _need(isinstance(article["attributedTo"], list), f"{kind} among its authors is needed")
        raise AssertionError("we name one author")
    return read


def _replies_only(activity: Document) -> Reading:
    article = _common(activity)
    _need(article.get("inReplyTo"), "it answers nothing here")
    raise AssertionError("an article answers nothing")


def nobody(activity: Document) -> Reading:
    """Articles are not known, or nothing but follows is."""
    raise Refused(f"{activity['type']} of an Article is not known")


READERS: Mapping[str, Callable[[Document], Reading]] = {
    "mastodon": mastodon, "hometown": hometown, "gotosocial": gotosocial, "akkoma": pleroma, "misskey": misskey,
    "friendica": friendica, "ghost": ghost, "lemmy": lemmy, "plume": _of_its_own_kind("a blog"),
    "mobilizon": _of_its_own_kind("a group"), "wordpress": _replies_only, "writefreely": nobody, "pixelfed": nobody,
}
"""By what NodeInfo says."""


def actor_problems(actor: Document) -> list[str]:
    """What some reader would refuse in the actor of a blog: one address, one picture, its own key and inbox."""
    host = _host(actor["id"])
    found = [f"{name} is not one address on its host" for name in ("inbox", "outbox", "followers", "following", "url")
             if not isinstance(actor.get(name), str) or _host(actor[name]) != host]  # WriteFreely, Misskey
    if actor.get("type") not in ("Person", "Group", "Service", "Application", "Organization"):
        found.append("no actor's type")
    key = actor.get("publicKey", {})
    if key.get("owner") != actor["id"] or "BEGIN PUBLIC KEY" not in str(key.get("publicKeyPem")):
        found.append("no key of its own")
    if not re.fullmatch(r"[a-z0-9_]{1,128}", str(actor.get("preferredUsername"))):
        found.append("a name that is none")  # Misskey: word characters
    found += [f"{name} is not one picture" for name in ("icon", "image")
              if name in actor and not isinstance(actor[name], dict)]  # WriteFreely
    if len(str(actor.get("name") or "")) > 128 or len(str(actor.get("summary") or "")) > 2048:
        found.append("words that are too long")
    return found
