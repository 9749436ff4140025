"""One's blogs: starting one, what it is like, who writes in it, who may read it, what waits below its articles."""

from __future__ import annotations

from typing import Any

from litestar import Response
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.handlers import get, post
from potluck.kinds.article import actions as articles
from potluck.media.purposes import FOR_PROFILES, let_go
from potluck.social import actors, conversations, follows, keys, views
from potluck.social.blogs import authors, comments, making, moderating
from potluck.social.blogs.making import Wishes
from potluck.social.errors import Invalid, NotAllowed, NotFound, SocialError
from potluck.social.model import Actor, Object
from potluck.social.paging import Page
from potluck.web import flashes, forms, pages, redirects
from potluck.web.actor_pages import errors_of_new, find_actor
from potluck.web.asking import Me, PathId, PathWord, SentForm
from potluck.web.auth import Viewer, acting, check_may_post
from potluck.web.bringing_files import WITH_FILES
from potluck.web.communities import picturing
from potluck.web.forms import Form
from potluck.web.i18n import _, _l, said
from potluck.web.paging import next_url, page_of
from potluck.web.presenters.people import profile_path, shown_person
from potluck.web.presenters.posts import shown_post
from potluck.web.types import AnyRequest

VISIBILITY = (
    ("public", _l("Everyone: listed in the reader, found by search engines")),
    ("unlisted", _l("Everyone who has the address")), ("password", _l("Whoever knows its password")),
    ("private", _l("Followers, whom you let in")))
COMMENTS = (("open", _l("Everyone, at once")), ("approve", _l("Everyone; each comment waits until you have read it")),
            ("closed", _l("Nobody")))
ROLES = (("author", _l("Author: their own articles")), ("editor", _l("Editor: all articles and comments")))
ROLE_NAMES = {"owner": _l("Owner"), "editor": _l("Editor"), "author": _l("Author")}
_FIELDS = ("name", "title", "description", "visibility", "language", "css", "comments", "bylines", "mail", "rtl",
           "domain", "avatar_description", "header_description")


def _wishes(form: Form) -> Wishes:
    return Wishes(
        title=form.text("title", limit=500), description=form.text("description", limit=20_000),
        visibility=form.one_of("visibility", making.VISIBILITIES, "public"),
        password=form.text("password", limit=1000) or None, language=form.text("language", limit=20) or None,
        rtl=form.flag("rtl") or None, css=form.text("css", limit=200_000),
        comments=form.one_of("comments", making.COMMENTS, "open"), bylines=form.flag("bylines"),
        mail=form.flag("mail"), domain=form.text("domain", limit=300),
        avatar_description=form.text("avatar_description", limit=1500),
        header_description=form.text("header_description", limit=1500),
        without=[name for name in FOR_PROFILES if form.flag(f"{name}_remove")])


def _choices() -> dict[str, list[dict[str, str]]]:
    return {"visibility": forms.choices(VISIBILITY), "comments": forms.choices(COMMENTS), "role": forms.choices(ROLES)}


@get("/blogs")
async def mine(request: AnyRequest, me: Me) -> Response[Any]:
    """The blogs one writes in."""
    async with request.app.state.db.read() as session:
        found = await authors.blogs_of(session, me.actor.id)
        waiting = await comments.count_waiting(session, [me.actor.id, *(actor.id for actor, _row, _role in found)])
        kept = [actor.id for actor, _row, role in found if role != authors.AUTHOR]
        unread = await conversations.count_unread(session, kept)
    rows = [{"person": shown_person(actor), "role": _(str(ROLE_NAMES[role])), "waiting": waiting.get(actor.id, 0),
             "unread": unread.get(actor.id, 0), "messages": f"{profile_path(actor)}/desk/messages",
             "desk": f"{profile_path(actor)}/desk" if role == authors.OWNER else f"{profile_path(actor)}/desk/comments"
             if role == authors.EDITOR else "", "owned": role == authors.OWNER,
             "import_url": f"{profile_path(actor)}/desk/import"}
            for actor, _row, role in found]
    return await pages.render(request, "blogs/mine.html", blogs=rows, own_waiting=waiting.get(me.actor.id, 0),
                              own_desk=f"{profile_path(me.actor)}/desk/comments",
                              own_import=f"{profile_path(me.actor)}/desk/import",
                              own_export=f"{profile_path(me.actor)}/desk/export")


@get("/blogs/new")
async def new(request: AnyRequest, me: Me) -> Response[Any]:
    """The form for a new blog."""
    check_may_post(me)
    return await pages.render(request, "blogs/new.html", errors={}, choices=_choices(),
                              values={"visibility": "public", "comments": "open", "mail": "1"})


@post("/blogs/new", status_code=303, **WITH_FILES)
async def create(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Start a blog."""
    check_may_post(me)
    pairs = await keys.generate()
    try:
        wishes = _wishes(form)
        async with request.app.state.db.write() as session:
            made = await making.create(session, await acting(session, me), form.text("name", limit=100), wishes,
                                       pairs=pairs)
    except (Invalid, NotAllowed) as error:
        return await pages.render(request, "blogs/new.html", errors=errors_of_new(error), values=form.kept(*_FIELDS),
                                  choices=_choices(), status=422)
    try:
        await picturing.take(request, me, made, form)
    except Invalid as error:
        return flashes.with_flash(redirects.see_other(f"{profile_path(made)}/desk"), "bad", said(error))
    return flashes.with_flash(redirects.see_other(profile_path(made)), "good", _("Your blog is there."))


async def blog_for(session: AsyncSession, me: Viewer, handle: str, least: str) -> Actor:
    """The blog of an address, for somebody who is at least this to it; others do not learn what there is."""
    actor = await find_actor(session, handle)
    if not making.is_blog(actor):
        raise NotFound
    await authors.check(session, me.actor, actor, least)
    return actor


@get("/{handle:str}/desk")
async def desk(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """What the owner of a blog looks after."""
    return await _desk(request, me, handle, {}, None)


async def _desk(request: AnyRequest, me: Viewer, handle: str, errors: dict[str, str], values: dict[str, str] | None,
                ) -> Response[Any]:
    async with request.app.state.db.read() as session:
        actor = await blog_for(session, me, handle, authors.OWNER)
        blog = await making.settings_of(session, actor)
        people = await authors.of_blog(session, actor.id)
        requests = await follows.requests(session, actor.id, Page(limit=80))
        waiting = (await comments.count_waiting(session, [actor.id])).get(actor.id, 0)
        unread = (await conversations.count_unread(session, [actor.id])).get(actor.id, 0)
        fixed = await making.has_articles(session, actor.id)
    shown = values or {
        "title": actor.display_name, "description": actor.summary_source or "", "visibility": blog.visibility,
        "language": blog.language or "", "css": blog.css, "comments": blog.comments, "domain": blog.domain or "",
        "bylines": "1" if blog.bylines else "", "mail": "1" if blog.mail else "", "rtl": "1" if blog.rtl else "",
        "avatar_description": actor.avatar_description, "header_description": actor.header_description}
    pictures = {"avatar_url": actor.avatar_url or "", "header_url": actor.header_url or ""}
    return await pages.render(
        request, "blogs/desk.html", person=shown_person(actor), values={**shown, **pictures}, errors=errors,
        choices=_choices(), action=f"/{handle}/desk", waiting=waiting,
        messages=unread, closed=blog.visibility in making.CLOSED,
        fixed=fixed, status=422 if errors else 200,
        people=[{"person": shown_person(one), "role": _(str(ROLE_NAMES[role])), "owner": role == authors.OWNER}
                for one, role in people],
        requests=[shown_person(one) for _cursor, one in requests])


@post("/{handle:str}/desk", status_code=303, **WITH_FILES)
async def save(request: AnyRequest, me: Me, form: SentForm, handle: PathWord) -> Response[Any]:
    """Save what a blog is like."""
    try:
        wishes = _wishes(form)
        async with request.app.state.db.write() as session:
            actor = await blog_for(session, me, handle, authors.OWNER)
            await making.update(session, await acting(session, me), actor, wishes)
            for name in wishes.without:
                await let_go(session, actor.id, name)
        await picturing.take(request, me, actor, form)
    except SocialError as error:
        if isinstance(error, NotFound | NotAllowed):
            raise
        field = error.field if isinstance(error, Invalid) else "visibility"
        return await _desk(request, me, handle, {field: said(error)}, form.kept(*_FIELDS))
    return flashes.with_flash(redirects.see_other(f"/{handle}/desk"), "good", _("Your changes are saved."))


async def _person(session: AsyncSession, form: Form) -> Actor:
    wanted = form.whole("person")
    if wanted:
        return await actors.by_id(session, wanted)
    found = await actors.by_handle(session, form.text("handle", limit=300))
    if found is None:
        raise Invalid("handle", "Nobody here has this name")
    return found


@post("/{handle:str}/desk/authors", status_code=303)
async def change_authors(request: AnyRequest, me: Me, form: SentForm, handle: PathWord) -> Response[Any]:
    """Let somebody write, or let them go."""
    try:
        async with request.app.state.db.write() as session:
            actor = await blog_for(session, me, handle, authors.AUTHOR)
            person = await _person(session, form)
            if form.flag("part"):
                await authors.part(session, me.actor, actor, person)
            else:
                await authors.invite(session, me.actor, actor, person, form.one_of("role", authors.ROLES, "author"))
    except Invalid as error:
        return await _desk(request, me, handle, {"handle": said(error)}, None)
    return flashes.with_flash(redirects.see_other("/blogs" if form.flag("leave") else f"/{handle}/desk"), "good",
                              _("Your changes are saved."))


@post("/{handle:str}/desk/requests", status_code=303)
async def answer_request(request: AnyRequest, me: Me, form: SentForm, handle: PathWord) -> Response[Any]:
    """Let somebody read a closed blog, or not."""
    async with request.app.state.db.write() as session:
        actor = await blog_for(session, me, handle, authors.OWNER)
        person = await actors.by_id(session, form.whole("person") or 0)
        if form.flag("reject"):
            await follows.reject(session, actor, person)
        else:
            await follows.accept(session, actor, person)
    return redirects.see_other(f"/{handle}/desk")


@get("/{handle:str}/desk/delete")
async def ask_delete(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """Ask before a blog is deleted."""
    async with request.app.state.db.read() as session:
        actor = await blog_for(session, me, handle, authors.OWNER)
    return await pages.render(
        request, "confirm.html", heading=_("Delete this blog?"), question=_("Delete this blog?"),
        detail=_("All its articles and comments go with it, here and elsewhere. Its name is never given again."),
        action=f"/{handle}/desk/delete", yes=_("Delete"), cancel=f"{profile_path(actor)}/desk", fields={})


@post("/{handle:str}/desk/delete", status_code=303)
async def delete(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """Delete a blog."""
    async with request.app.state.db.write() as session:
        actor = await blog_for(session, me, handle, authors.OWNER)
        await making.delete(session, me.actor, actor)
    return flashes.with_flash(redirects.see_other("/blogs"), "good", _("The blog is gone."))


@get("/{handle:str}/desk/comments")
async def waiting_comments(request: AnyRequest, me: Me, handle: PathWord) -> Response[Any]:
    """Comments that wait below a blog's articles or one's own, and those that were hidden."""
    state = "hidden" if request.query_params.get("show") == "hidden" else "waiting"
    async with request.app.state.db.read() as session:
        actor = await find_actor(session, handle)
        if actor.id != me.actor.id:
            actor = await blog_for(session, me, handle, authors.EDITOR)
        ids = await comments.waiting(session, actor.id, page_of(request), state=state)
        found = await views.load_for_moderation(session, ids)
    posts = [shown_post(found[item], me, unfold=True) for item in ids if item in found]
    return await pages.render(request, "blogs/comments.html", person=shown_person(actor), posts=posts, state=state,
                              action=f"/{handle}/desk/comments",
                              next_url=next_url(request, len(ids), ids[-1] if ids else None))


def _back(form: Form, default: str) -> Response[Any]:
    return redirects.see_other(redirects.safe_path(form.text("back", limit=2000), default))


async def _cared_for(session: AsyncSession, me: Viewer, object_id: int) -> Object:
    """A comment below an article of the viewer, or of a blog they look after.

    Raises:
        NotFound: it is none.
    """
    row = await session.get(Object, object_id)
    if row is None or row.deleted_at is not None:
        raise NotFound
    article = await comments.article_of(session, row)
    if article.author_id != me.actor.id:
        role = await authors.role_of(session, article.author_id, me.actor.id)
        if role not in (authors.OWNER, authors.EDITOR):
            raise NotFound
    return row


@post("/posts/{object_id:int}/hide-comment", status_code=303)
async def hide(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Hide a comment."""
    async with request.app.state.db.write() as session:
        row = await _cared_for(session, me, object_id)
        await moderating.hide(session, row.id)
    return flashes.with_flash(_back(form, "/blogs"), "good", _("The comment is hidden."))


@post("/posts/{object_id:int}/show-comment", status_code=303)
async def show(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Show a comment that waited, or was hidden."""
    async with request.app.state.db.write() as session:
        row = await _cared_for(session, me, object_id)
        await moderating.approve(session, row.id)
    return flashes.with_flash(_back(form, "/blogs"), "good", _("The comment is shown."))


@get("/posts/{object_id:int}/delete-article")
async def ask_delete_article(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """Ask before an article is deleted."""
    async with request.app.state.db.read() as session:
        row, _request = await articles.source(session, me.actor, object_id)
    return await pages.render(
        request, "confirm.html", heading=_("Delete this article?"), question=_("Delete this article?"),
        detail=row.title or "", action=f"/posts/{object_id}/delete-article", yes=_("Delete"),
        cancel=f"/posts/{object_id}", fields={})


@post("/posts/{object_id:int}/delete-article", status_code=303)
async def delete_article(request: AnyRequest, me: Me, object_id: PathId) -> Response[Any]:
    """Delete an article."""
    async with request.app.state.db.write() as session:
        row = await articles.delete(session, await acting(session, me), object_id)
        author = await session.get_one(Actor, row.author_id)
    return flashes.with_flash(redirects.see_other(profile_path(author)), "good", _("The article is gone."))


@post("/posts/{object_id:int}/pin-article", status_code=303)
async def pin_article(request: AnyRequest, me: Me, form: SentForm, object_id: PathId) -> Response[Any]:
    """Put an article on top of its blog, or take it down."""
    async with request.app.state.db.write() as session:
        await articles.pin(session, await acting(session, me), object_id, pinned=not form.flag("unpin"))
    return _back(form, f"/posts/{object_id}")


route_handlers = [mine, new, create, desk, save, change_authors, answer_request, ask_delete, delete, waiting_comments,
                  hide, show, ask_delete_article, delete_article, pin_article]
