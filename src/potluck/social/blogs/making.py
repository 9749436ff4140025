"""Making a blog, and changing what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.settings import current
from potluck.social import actors, events, post_index
from potluck.social.accounts import passwords
from potluck.social.addresses import hashtag_url
from potluck.social.blogs import authors, comments
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound
from potluck.social.keys import KeyPairs
from potluck.social.model import Actor, Article, Blog, BlogAuthor
from potluck.text.languages import normalise_language
from potluck.text.names import normalise_host
from potluck.text.render import render_text
from potluck.text.scoped_css import MAX_CSS, scoped

MAX_TITLE = 255  # as WriteFreely's
MAX_DESCRIPTION = 5000
MAX_OWNED = 30
MIN_PASSWORD = 4
VISIBILITIES = ("public", "unlisted", "password", "private")
CLOSED = ("password", "private")
"""Those whose articles only go to followers whom the blog has let in."""
COMMENTS = ("open", "approve", "closed")

_RIGHT_TO_LEFT = re.compile(r"(?:ar|he|fa|ur|ps|yi|dv|ckb|sd|ug)(?:-|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a blog shall be like. None leaves what is there (direction: as its language has it)."""

    title: str
    description: str = ""  # Markdown
    visibility: str = "public"
    password: str | None = None  # in clear, where visibility is 'password'
    language: str | None = None
    rtl: bool | None = None
    css: str = ""
    comments: str = "open"
    bylines: bool = False
    mail: bool = True
    domain: str = ""
    avatar_description: str | None = None
    header_description: str | None = None
    without: Sequence[str] = ()  # pictures to be taken away: avatar, header


def scope_class(blog_id: int) -> str:
    """The class of the element of a page that a blog's own CSS dresses."""
    return f"blog-{blog_id}"


def _checked(wishes: Wishes) -> dict[str, Any]:
    """The columns of a blog's row, its stylesheet left out.

    Raises:
        Invalid: a value cannot be used.
    """
    if not 1 <= len(wishes.title.strip()) <= MAX_TITLE:
        code = "too_long" if wishes.title.strip() else "blank"
        raise Invalid("title", "A title has 1 to %(most)s characters", code, most=MAX_TITLE)
    if len(wishes.description) > MAX_DESCRIPTION:
        raise Invalid("description", "A description has at most %(most)s characters", "too_long", most=MAX_DESCRIPTION)
    if wishes.visibility not in VISIBILITIES:
        raise Invalid("visibility", f"Who may read is one of {', '.join(VISIBILITIES)}")
    if wishes.comments not in COMMENTS:
        raise Invalid("comments", f"Comments are one of {', '.join(COMMENTS)}")
    if len(wishes.css) > MAX_CSS:
        raise Invalid("css", "A stylesheet has at most %(most)s characters", "too_long", most=MAX_CSS)
    language = normalise_language(wishes.language) if wishes.language else None
    if wishes.language and language is None:
        raise Invalid("language", "Validation failed: Language is not a valid language code")
    rtl = wishes.rtl if wishes.rtl is not None else bool(_RIGHT_TO_LEFT.match(language or ""))
    return {"visibility": wishes.visibility, "language": language, "rtl": rtl, "css": wishes.css,
            "comments": wishes.comments, "bylines": wishes.bylines, "mail": wishes.mail,
            "domain": _domain(wishes.domain)}


def _domain(wanted: str) -> str | None:
    wanted = wanted.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
    if not wanted:
        return None
    host = normalise_host(wanted)
    own = {current().domain.lower(), current().host.lower()}
    address = host is not None and host.rpartition(".")[2].isdigit()  # by which proxies and probes ask for the site
    if host is None or address or "." not in host or ":" in host or any(host == name or host.endswith(f".{name}")
                                                             for name in own):
        raise Invalid("domain", "A domain of its own is a host name such as blog.example.org")
    return host


async def _password(wishes: Wishes, before: str | None) -> str | None:
    """What is kept of the password.

    Raises:
        Invalid: there is none, or it is too short.
    """
    if wishes.visibility != "password":
        return None
    if not wishes.password:
        if before:
            return before
        raise Invalid("password", "Please choose a password", "blank")
    if not MIN_PASSWORD <= len(wishes.password) <= passwords.MAX_LENGTH:
        raise Invalid("password", "A password has at least %(least)s characters", "too_short", least=MIN_PASSWORD)
    return await passwords.hash_password(wishes.password)


async def create(session: AsyncSession, owner: Actor, name: str, wishes: Wishes, *,
                 pairs: KeyPairs | None = None) -> Actor:
    """Make a blog that belongs to `owner`. Nothing that leaves this server ties the two together.

    Args:
        owner: a local person.
        name: its name in the one namespace of local actors.
        pairs: keys from `keys.generate()`.

    Raises:
        Invalid: the name or a wish cannot be used.
        NotAllowed: not a person of this server, or enough blogs already.
    """
    if not owner.is_local or owner.owner_id is None or owner.type == "Group":
        raise NotAllowed
    columns = _checked(wishes)
    columns["password_hash"] = await _password(wishes, None)
    owned = await session.scalar(select(func.count()).select_from(BlogAuthor).where(
        BlogAuthor.actor_id == owner.id, BlogAuthor.role == authors.OWNER)) or 0
    if owned >= MAX_OWNED:
        raise NotAllowed("One person can have %(most)s blogs at most", most=MAX_OWNED)
    await _check_domain(session, columns["domain"], None)
    actor = await actors.create_local(session, name, owner_id=owner.owner_id, pairs=pairs)
    session.add(Blog(actor_id=actor.id, stylesheet=_stylesheet(actor.id, wishes.css), **columns))
    session.add(BlogAuthor(blog_id=actor.id, actor_id=owner.id, role=authors.OWNER))
    _describe(actor, wishes, columns)
    await session.flush()
    return actor


def _stylesheet(blog_id: int, css: str) -> str:
    return scoped(css, f".{scope_class(blog_id)}") if css.strip() else ""


async def _check_domain(session: AsyncSession, domain: str | None, blog_id: int | None) -> None:
    if domain and await session.scalar(select(Blog.actor_id).where(
            Blog.domain == domain, Blog.actor_id != (blog_id or 0))):
        raise Invalid("domain", "Another blog has this domain", "taken")


def _describe(actor: Actor, wishes: Wishes, columns: dict[str, Any]) -> None:
    """What the actor's document says; `extra["blog"]` holds what pages need without another query."""
    actor.display_name = " ".join(wishes.title.split())
    actor.summary_source = wishes.description
    actor.summary = render_text(wishes.description, mentions={}, hashtag_url=hashtag_url,
                                media_type="text/markdown").html if wishes.description.strip() else ""
    for name in ("avatar", "header"):
        description = getattr(wishes, f"{name}_description")
        if description is not None:
            setattr(actor, f"{name}_description", description[:1500])
        if name in wishes.without:
            setattr(actor, f"{name}_url", None)
            setattr(actor, f"{name}_description", "")
    actor.locked = actor.hide_collections = columns["visibility"] in CLOSED
    actor.discoverable = actor.indexable = columns["visibility"] == "public"
    actor.extra = {**actor.extra, "blog": {
        "visibility": columns["visibility"], "language": columns["language"], "rtl": columns["rtl"],
        "comments": columns["comments"], "styled": bool(columns["css"].strip()), "mail": columns["mail"],
        "bylines": columns["bylines"], "domain": columns["domain"]}}
    actor.updated_at = now()


async def update(session: AsyncSession, editor: Actor, blog: Actor, wishes: Wishes) -> Actor:
    """Change what a blog is like.

    Raises:
        Invalid: a wish cannot be used.
        NotAllowed: only its owner may.
        Conflict: a blog that many could read cannot be closed once something is in it, nor a closed one opened.
    """
    await authors.check(session, editor, blog, authors.OWNER)
    columns = _checked(wishes)
    row = await session.get_one(Blog, blog.id)
    if (row.visibility in CLOSED) != (columns["visibility"] in CLOSED) and await has_articles(
            session, blog.id):
        raise Conflict("A blog cannot be closed or opened once something was published in it. Start another one")
    columns["password_hash"] = await _password(wishes, row.password_hash)
    await _check_domain(session, columns["domain"], blog.id)
    for name, value in columns.items():
        setattr(row, name, value)
    row.stylesheet = _stylesheet(blog.id, wishes.css)
    await comments.apply_rule(session, blog, row.comments)
    actor = await session.get_one(Actor, blog.id)
    wanted_to_be_found = actor.indexable
    _describe(actor, wishes, columns)
    if actor.indexable != wanted_to_be_found:
        await post_index.author_changed(session, actor.id)
    await session.flush()
    await events.emit(session, events.ProfileChanged(actor))
    return actor


async def has_articles(session: AsyncSession, blog_id: int) -> bool:
    """Whether something was published in a blog; what only its followers read is in no count."""
    return await session.scalar(select(Article.object_id).where(Article.author_id == blog_id).limit(1)) is not None


async def delete(session: AsyncSession, owner: Actor, blog: Actor) -> None:
    """Delete a blog with everything in it; its name is never given again.

    Raises:
        NotAllowed: only its owner may.
    """
    await authors.check(session, owner, blog, authors.OWNER)
    await actors.delete_local(session, blog)


def is_blog(actor: Actor) -> bool:
    """Whether an actor is a blog of this server."""
    return actor.is_local and "blog" in actor.extra


async def settings_of(session: AsyncSession, blog: Actor) -> Blog:
    """A blog's settings.

    Raises:
        NotFound: the actor is no blog.
    """
    found = await session.get(Blog, blog.id)
    if found is None:
        raise NotFound
    return found


async def by_domain(session: AsyncSession, host: str) -> Actor | None:
    """The blog that has a domain of its own."""
    found: Actor | None = await session.scalar(select(Actor).join(Blog, Blog.actor_id == Actor.id).where(
        Blog.domain == host.lower(), Actor.deleted_at.is_(None), Actor.suspended_at.is_(None)))
    return found
