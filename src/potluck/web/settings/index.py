"""The settings page: where everything is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response

from potluck.handlers import get
from potluck.web import pages
from potluck.web.asking import Me
from potluck.web.i18n import _, _l
from potluck.web.types import AnyRequest


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the list."""

    url: str
    symbol: str
    label: str
    note: str


PLACES = (
    Place("/settings/profile", "user", _l("Profile"), _l("Name, text, facts, who may follow you")),
    Place("/settings/preferences", "settings", _l("Preferences"), _l("Language, new posts, reading")),
    Place("/files", "attach", _l("Files"), _l("What waits, what is in no post yet, and how much room it takes")),
    Place("/settings/account", "key", _l("E-mail and password"), ""),
    Place("/settings/two-factor", "shield", _l("Two-factor sign-in"), _l("A code from an app beside the password")),
    Place("/settings/passkeys", "key", _l("Passkeys"), _l("Sign in without a password")),
    Place("/settings/sessions", "local", _l("Sessions"), _l("Browsers that are signed in")),
    Place("/settings/apps", "link", _l("Apps"), _l("Apps and tokens that may act for you")),
    Place("/settings/app-passwords", "key", _l("App passwords"), _l("For apps that ask for name and password")),
    Place("/settings/follows", "users", _l("Tidy up follows"), _l("Silent, mutual, moved: unfollow many at once")),
    Place("/settings/filters", "eye-off", _l("Filters"), _l("Words you do not want to see")),
    Place("/drafts", "edit", _l("Drafts and scheduled posts"), ""),
    Place("/followed-tags", "hashtag", _l("Hashtags"), _l("Those you follow, and those on your profile")),
    Place("/notifications/requests", "bell-off", _l("Who may notify you"), _l("And notifications that wait")),
    Place("/blocks", "block", _l("Blocked and muted"), _l("People and servers you do not want to see")),
    Place("/requests", "user-plus", _l("Follow requests"), ""),
    Place("/severed", "users", _l("Lost follows"), _l("After a server was blocked or an account suspended")),
    Place("/strikes", "shield", _l("Decisions of the moderators"), _l("About your account, and how to appeal")),
    Place("/settings/migration", "external", _l("Moving"), _l("Move here from another account, or away")),
    Place("/settings/jobs", "clock", _l("Background work"), _l("Files being prepared, posts that wait for them")),
    Place("/settings/import", "up", _l("Import"), _l("Follows, lists, blocks and bookmarks from elsewhere")),
    Place("/settings/export", "down", _l("Export"), _l("Download all your data")),
    Place("/settings/delete", "delete", _l("Delete account"), ""),
)


@get("/settings")
async def index(request: AnyRequest, me: Me) -> Response[Any]:
    """Every page of settings."""
    places = [Place(place.url, place.symbol, _(place.label), _(place.note) if place.note else "") for place in PLACES]
    return await pages.render(request, "settings/index.html", places=places)


route_handlers = [index]
