"""All pages of settings."""

from __future__ import annotations

from potluck.web.settings import (
    account,
    app_passwords,
    apps,
    archive,
    deletion,
    export,
    filters,
    follows,
    imports,
    index,
    jobs,
    migration,
    passkeys,
    preferences,
    profile,
    sessions,
    two_factor,
)

route_handlers = [
    *index.route_handlers, *profile.route_handlers, *preferences.route_handlers, *account.route_handlers,
    *two_factor.route_handlers, *passkeys.route_handlers, *sessions.route_handlers, *apps.route_handlers,
    *app_passwords.route_handlers, *export.route_handlers, *imports.route_handlers, *archive.route_handlers,
    *filters.route_handlers, *follows.route_handlers, *jobs.route_handlers,
    *migration.route_handlers, *deletion.route_handlers,
]
