"""About this server: the about, rules and privacy pages, the design page, and what crawlers and installers ask for."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Response
from sqlalchemy import func, select

from potluck import __version__
from potluck.handlers import get
from potluck.settings import current
from potluck.social import domain_policies, site_texts
from potluck.social import terms as terms_of_service
from potluck.social.accounts import roles
from potluck.social.errors import NotFound
from potluck.social.model import Actor, User
from potluck.web import pages, redirects
from potluck.web.asking import PathWord
from potluck.web.i18n import _, _l
from potluck.web.icons import icon_names
from potluck.web.presenters.people import shown_person
from potluck.web.trusted import trusted_html
from potluck.web.types import AnyRequest

USUAL_RULES = (
    _l("Treat people as you would at a shared table: no harassment, no hate, no threats."),
    _l("No spam, no scams, no automated flooding."),
    _l("Nothing that is against the law where this server is run."),
    _l("Put what may hurt or shock behind a content warning."),
)
"""What holds while the administrators have written no rules."""


@get("/about")
async def about(request: AnyRequest) -> Response[Any]:
    """What this server is and who runs it."""
    async with request.app.state.db.read() as session:
        people = await session.scalar(select(func.count()).select_from(User).join(
            Actor, Actor.id == User.actor_id).where(Actor.deleted_at.is_(None), User.approved_at.is_not(None))) or 0
        staff = (await session.scalars(select(Actor).join(User, User.actor_id == Actor.id).where(
            User.role.in_(roles.ADMINS), Actor.deleted_at.is_(None), User.disabled_at.is_(None)).limit(10))).all()
        long = await site_texts.text(session, site_texts.EXTENDED_DESCRIPTION)
        has_terms = await terms_of_service.exist(session)
    settings = current()
    return await pages.render(
        request, "about/about.html", people=people, staff=[shown_person(actor) for actor in staff],
        contact=settings.contact_email, version=__version__, sign_up=settings.sign_up,
        long=long.content if long else "", terms=has_terms)


@get("/about/rules")
async def rules_page(request: AnyRequest) -> Response[Any]:
    """The rules, and which servers are limited here and why."""
    async with request.app.state.db.read() as session:
        texts = await site_texts.rules(session)
        limited = [row for row in await domain_policies.all_(session) if row.severity in {"silence", "suspend"}]
    shown = [{"domain": _obscured(row.domain) if row.obfuscate else row.domain, "severity": row.severity,
              "comment": row.public_comment} for row in limited]
    return await pages.render(request, "about/rules.html", limited=shown, rules=texts,
                              usual=[_(text) for text in USUAL_RULES])


def _obscured(domain: str) -> str:
    """A domain with the middle of its letters starred out."""
    return "".join(letter if letter == "." or place < 2 or place > len(domain) - 5 else "*"
                   for place, letter in enumerate(domain))


@get("/privacy")
async def privacy(request: AnyRequest) -> Response[Any]:
    """What is kept about people, and for how long."""
    async with request.app.state.db.read() as session:
        own = await site_texts.text(session, site_texts.PRIVACY_POLICY)
    return await pages.render(request, "about/privacy.html", contact=current().contact_email,
                              own=own.content if own else "")


@get("/terms-of-service")
async def terms(request: AnyRequest) -> Response[Any]:
    """The terms of service as they hold now."""
    return await _terms(request, None)


@get("/terms-of-service/{day:str}")
async def terms_of(request: AnyRequest, day: PathWord) -> Response[Any]:
    """The terms of service that hold from a day on."""
    try:
        return await _terms(request, date.fromisoformat(day))
    except ValueError:
        raise NotFound from None


async def _terms(request: AnyRequest, day: date | None) -> Response[Any]:
    async with request.app.state.db.read() as session:
        versions = await terms_of_service.published(session)
    holds = terms_of_service.in_force(versions)
    row = holds if day is None else next((item for item in versions if item.effective_date == day), None)
    if row is None:
        raise NotFound
    later = terms_of_service.successor(row, versions)
    return await pages.render(
        request, "about/terms.html", html=trusted_html(row.content), day=row.effective_date.isoformat(),
        changelog=row.changelog, holds=row is holds, later=f"/terms-of-service/{later.effective_date}" if later else "",
        later_day=later.effective_date.isoformat() if later else "", versions=[
            {"url": f"/terms-of-service/{item.effective_date}", "day": item.effective_date.isoformat(),
             "current": item is row} for item in versions])


@get("/design")
async def design(request: AnyRequest) -> Response[Any]:
    """The design system, for contributors."""
    return await pages.render(request, "design.html", icon_names=sorted(icon_names()))


@get("/favicon.ico")
async def favicon() -> Response[Any]:
    """For those that ask by habit instead of reading the page."""
    return redirects.see_other(pages.asset("icon.svg"))


@get("/robots.txt")
async def robots() -> Response[str]:
    """Everything public may be indexed as far as its page says; the rest is of no use to crawlers."""
    closed = ("/settings", "/admin", "/compose", "/posts/", "/people/", "/search", "/events", "/interact",
              "/authorize_interaction", "/oauth/", "/api/")
    rules = "".join(f"Disallow: {path}\n" for path in closed)
    return Response(f"User-agent: *\n{rules}Sitemap: {current().url}/sitemap.xml\n", media_type="text/plain")


@get("/manifest.webmanifest")
async def manifest() -> Response[dict[str, Any]]:
    """For installing the site as an app, and for sharing to it."""
    settings = current()
    return Response({
        "name": settings.title, "short_name": settings.title[:12], "description": settings.description,
        "id": "/home", "start_url": "/home", "scope": "/", "display": "standalone", "background_color": "#faf6f0",
        "theme_color": "#faf6f0", "lang": settings.language, "categories": ["social"],
        "icons": [{"src": pages.asset("icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        "share_target": {"action": "/compose", "method": "GET",
                         "params": {"title": "title", "text": "text", "url": "url"}},
    }, media_type="application/manifest+json")


route_handlers = [about, rules_page, privacy, terms, terms_of, design, favicon, robots, manifest]
