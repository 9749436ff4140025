"""Every page of the site in one place."""

from __future__ import annotations

from potluck.handlers import Part
from potluck.web import (
    about,
    actions,
    announcing,
    assets,
    auth,
    bringing_files,
    compose,
    conversations,
    csrf,
    drafts_pages,
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

_SITE = Part(
    guards=[bringing_files.guard, csrf.guard, pages.guard],
    provided={
        "viewer": auth.viewer_of, "me": auth.provide_me, "staff": auth.provide_staff, "admin": auth.provide_admin,
        "form": forms.read_form,
    },
    wrapped=security_headers.middleware,
)

endpoints = _SITE.endpoints(handler for area in AREAS for handler in area.route_handlers)
"""Every page of the site. What they refuse, and addresses that nobody answers, are for `errors.error_response`."""

route_handlers = assets.route_handlers
"""What the framework answers."""
