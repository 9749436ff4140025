"""Posts and collections in the shape that WriteFreely's clients read."""

from __future__ import annotations

from potluck.apis import articles
from potluck.apis.writefreely.finding import Collection
from potluck.apis.writefreely.words import Json, alias_of, as_time, post_id
from potluck.db.ids import time_of
from potluck.kinds.article import drafts, publishing
from potluck.kinds.article.rows import ArticleData
from potluck.settings import current
from potluck.social.addresses import profile_url
from potluck.social.model import Actor, KeptDraft
from potluck.social.views import ObjectView
from potluck.text.languages import is_rtl


def collection(found: Collection, *, posts: int | None = None) -> Json:
    """A blog. `public` is only a truth value here; the number stands in requests."""
    actor, settings = found.actor, found.settings
    visibility = settings.visibility if settings else "public"
    return {"alias": alias_of(actor.name), "title": actor.display_name or actor.name,
            "description": actor.summary_source or "", "style_sheet": settings.css if settings and found.role else "",
            "public": visibility == "public", "format": "blog", "views": 0, "url": f"{profile_url(actor.name)}/",
            "total_posts": actor.posts_count if posts is None else posts, "verification_link": "",
            "monetization_pointer": ""}


def of_draft(row: KeptDraft) -> Json:
    """A draft: a post in no collection, for its writer alone."""
    words = drafts.from_words(row.request)
    return {**_post(row.id, words.title, words.text, words.language, words.tags and publishing.tags_of(words.tags)),
            "slug": words.slug or None, "created": as_time(time_of(row.id)), "updated": as_time(row.updated_at),
            "images": [], "url": f"{current().url}/write/{row.id}"}


def of_article(view: ObjectView, *, within: bool = False, html: bool = False) -> Json:
    """A published post.

    Args:
        within: it is listed in its collection, which is not repeated.
        html: the text as HTML.
    """
    row, place = view.object, view.kind_data.place if isinstance(view.kind_data, ArticleData) else None
    body = row.content if html else row.source or row.content
    found = {**_post(articles.post_id(view), row.title or "", body, row.language or "", [tag.display or tag.name
                                                                        for tag in view.hashtags]),
             "slug": place.slug if place else None, "created": as_time(row.published),
             "updated": as_time(row.edited_at or row.published), "images": list(publishing.pictures_of(row.content)),
             "url": row.url or row.uri}
    return found if within else {**found, "collection": collection(Collection(view.author))}


def _post(value: int, title: str, body: str, language: str, tags: object) -> Json:
    return {"id": post_id(value), "appearance": "norm", "language": language, "rtl": is_rtl(language),
            "title": title, "body": body, "tags": tags or [], "paid": False, "views": 0}


def user(actor: Actor, email: str = "") -> Json:
    """Who is signed in."""
    return {"username": alias_of(actor.name), "email": email}
