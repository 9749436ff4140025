"""Every page of the site in one place: the router that the server mounts."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from potluck.web import (
    about,
    actions,
    announcing,
    asking,
    assets,
    auth,
    bringing_files,
    compose,
    conversations,
    csrf,
    drafts_pages,
    errors,
    exploring,
    files,
    finding,
    first_run,
    forms,
    lists,
    live,
    notice_requests,
    notices,
    pages,
    profiles,
    quotes,
    reacting,
    relations,
    remote,
    reporting,
    reset,
    saved,
    security_headers,
    severances,
    signin,
    signup,
    strikes,
    threads,
    timelines,
)
from potluck.web.admin import routes as admin
from potluck.web.blogs import routes as blogs
from potluck.web.communities import routes as communities
from potluck.web.settings import routes as settings

AREAS = (
    timelines, communities, blogs, profiles, threads, compose, files, quotes, actions, relations, notices,
    conversations, finding, saved, lists, reporting, remote, about, live, first_run, signin, signup, reset, settings,
    admin, strikes, severances, drafts_pages, exploring, notice_requests, reacting, announcing,
)

site = Router(
    path="/",
    route_handlers=[handler for area in AREAS for handler in area.route_handlers],
    guards=[asking.check_ids, bringing_files.guard, csrf.guard],
    before_request=pages.before_page,
    middleware=[security_headers.middleware],
    exception_handlers=errors.exception_handlers,
    dependencies={
        "form": Provide(forms.read_form), "viewer": Provide(auth.provide_viewer), "me": Provide(auth.provide_me),
        "staff": Provide(auth.provide_staff), "admin": Provide(auth.provide_admin),
    },
    include_in_schema=False,
)

route_handlers = [site, *assets.route_handlers]
"""What `server.create_app` mounts. It also uses `errors.exception_handlers` for addresses that nobody answers."""
