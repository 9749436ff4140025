"""Articles on the wire: WriteFreely, WordPress, Ghost, Plume and others read; one document written for all.

The form of FEP-b2b8: `name`, `summary` (a teaser, no warning), the whole `content`, its pictures in `attachment` as
well, the cover in `image`, and a `preview` Note for those who show short posts. Mastodon shows name, summary and link
and ignores the content; Hometown, GoToSocial, Friendica and Misskey show the content (blog §8). Those who would fold
the text behind the teaser, as behind a warning, get none (`potluck.federation.dialects`).
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Any

import msgspec

from potluck.federation.reading import attachment_of, natural_text, read_common
from potluck.federation.vocabulary import Document, format_time, get, get_list, image_of
from potluck.federation.writing import (
    attachments,
    object_base,
    picture_type,
    plain_attachments,
    with_language,
)
from potluck.kinds.article.showing import TEASER, cover_of, pictures_in, teaser_of
from potluck.social.drafts import AttachmentDraft, Draft
from potluck.social.registry import Receiver
from potluck.social.views import ObjectView
from potluck.text.long_html import sanitise_long
from potluck.text.longform import count_words, for_others
from potluck.text.sanitise import excerpt, to_plain_text

MAX_TITLE = 500
MAX_SUMMARY = 5000
MAX_SOURCE = 200_000
"""Characters of what the author typed that go along; beyond that readers do with the content."""

MAX_BYTES = 900_000
"""Of content as JSON: most servers refuse a document beyond a megabyte."""

_TWICE = 300_000  # up to here the content is said once more in `contentMap`

_FIRST = 4  # attachments that Mastodon shows
_LEMMY_TITLE = 200


def read(document: Document) -> Draft:
    """An Article in any known dialect.

    Raises:
        Unreadable: no id or type.
    """
    draft = read_common(document, "article")
    base = draft.url or draft.uri
    draft.content = sanitise_long(natural_text(document, "content"), base_url=base)
    plain = to_plain_text(draft.content)
    title = " ".join(to_plain_text(natural_text(document, "name")).split())[:MAX_TITLE]
    draft.title = title or excerpt(plain, 80) or draft.type
    summary = to_plain_text(natural_text(document, "summary")).strip()[:MAX_SUMMARY]
    draft.extra = {"words": count_words(plain)}
    if draft.sensitive and summary:
        # WordPress puts a content warning where else the excerpt stands.
        draft.extra["warning"], summary = excerpt(summary, 500), ""
    draft.summary = summary or _preview(document)
    _read_cover(document, draft)
    draft.url = draft.url or draft.uri
    return draft


def _preview(document: Document) -> str:
    """The teaser that is written for short posts (FEP-b2b8)."""
    preview = get(document, "preview")
    text = to_plain_text(natural_text(preview, "content")) if isinstance(preview, dict) else ""
    return excerpt(text, 500)


def _read_cover(document: Document, draft: Draft) -> None:
    for entry in get_list(document, "image"):
        picture = image_of(entry)
        if picture is None:
            continue
        made = attachment_of(entry) if isinstance(entry, dict) else None
        alt = made.description if made else picture.description or ""
        draft.extra["cover"] = {"url": picture.url, "alt": alt[:1500]}
        if all(item.url != picture.url for item in draft.attachments):
            draft.attachments.insert(0, made or AttachmentDraft("image", picture.url, description=alt))
        return


def write(view: ObjectView, receiver: Receiver) -> dict[str, Any]:
    """The document of an article. Lemmy gets attachments of the only types it takes, the link to our page first.

    GoToSocial, Pleroma and Misskey get a summary only where it is a warning, Misskey the title in the text.
    """
    row = view.object
    document = object_base(view)
    document |= {"type": "Article"} | with_language("name", row.title or "", row.language)
    document |= _content(view)
    teaser = _teaser(view)
    document |= with_language("summary", f"<p>{escape(teaser)}</p>" if teaser else "", row.language)
    document["attachment"] = _attachments(view)
    if row.source is not None and len(row.source) > min(MAX_SOURCE, MAX_BYTES - len(document["content"])):
        document.pop("source", None)
    cover = cover_of(view)
    if cover:
        document["image"] = {"type": "Image", "mediaType": picture_type(cover["url"]), "url": cover["url"]}
        if cover.get("alt"):
            document["image"]["name"] = cover["alt"]
    document["preview"] = _note(view, teaser)
    if receiver.software in ("lemmy", "mbin") and view.group is not None:
        document |= _for_lemmy(view)
    elif receiver.software in ("folding", "misskey"):
        _unfold(document, str(row.extra.get("warning") or ""))
        if receiver.software == "misskey" and row.title:
            _put_title(document, f"<p><strong>{escape(row.title)}</strong></p>")
    return document


def _unfold(document: dict[str, Any], warning: str) -> None:
    """Take the teaser out: here a summary is a warning, as plain text."""
    for name in ("summary", "summaryMap"):
        document.pop(name, None)
    if warning:
        document["summary"] = f"⚠ {warning}"


def _put_title(document: dict[str, Any], title: str) -> None:
    document["content"] = title + document["content"]
    if "contentMap" in document:
        document["contentMap"] = {language: title + text for language, text in document["contentMap"].items()}


def _content(view: ObjectView) -> dict[str, Any]:
    row = view.object
    return _outward(row.content, row.url or row.uri, row.language)


@lru_cache(maxsize=1)  # an article is written once for each dialect in turn, and a long one takes long
def _outward(html: str, url: str, language: str | None) -> dict[str, Any]:
    size = len(html)
    content = ""
    if size <= 2 * MAX_BYTES:
        content = for_others(html)
        size = len(msgspec.json.encode(content))
    if size > MAX_BYTES:
        # A book: its beginning, and where the rest is. Nobody takes a larger document.
        text = excerpt(to_plain_text(html[:80_000]), 20_000)
        content = f'<p>{escape(text)}</p><p><a href="{escape(url)}">{escape(url)}</a></p>'
        size = len(content)
    return with_language("content", content, language if size <= _TWICE else None)


def _teaser(view: ObjectView) -> str:
    """What Mastodon shows above the link: a warning first, then the teaser."""
    warning = str(view.object.extra.get("warning") or "")
    text = "" if warning else excerpt(teaser_of(view.object), max(TEASER, 500))
    return f"⚠ {warning}" if warning else text


def _attachments(view: ObjectView) -> list[dict[str, Any]]:
    """The files, the cover in front; pictures of the text that were put there by address come behind."""
    cover = cover_of(view) or {}
    media = sorted(view.media, key=lambda item: item.url != cover.get("url"))
    named = {item.url for item in media}
    strangers = sorted(pictures_in(view.object.content) - named)[:16 * _FIRST]
    return [*attachments(media), *({"type": "Image", "mediaType": picture_type(url), "url": url} for url in strangers)]


def _note(view: ObjectView, teaser: str) -> dict[str, Any]:
    """The short form: a whole Note for those who show no articles."""
    row = view.object
    url = escape(row.url or row.uri)
    content = (f"<p><strong>{escape(row.title or '')}</strong></p>" + (f"<p>{escape(teaser)}</p>" if teaser else "")
               + f'<p><a href="{url}">{url}</a></p>')
    return {"type": "Note", "attributedTo": view.author.uri, "published": format_time(row.published),
            "url": row.url or row.uri} | with_language("content", content, row.language)


def _for_lemmy(view: ObjectView) -> dict[str, Any]:
    row = view.object
    return {"name": (row.title or "")[:_LEMMY_TITLE], "attributedTo": view.author.uri,
            "attachment": [{"type": "Link", "href": row.url or row.uri}, *plain_attachments(view.media)]}
