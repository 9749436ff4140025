"""How someone posts and reads, and in which language the site speaks to them."""

from __future__ import annotations

from typing import Any

from litestar import Response

from potluck.handlers import get, post
from potluck.kinds.note.actions import CONTENT_TYPES
from potluck.settings import current
from potluck.social import preferences
from potluck.social.accounts import tokens
from potluck.social.model import User
from potluck.web import flashes, i18n, pages, redirects
from potluck.web.asking import Me, SentForm
from potluck.web.auth import Viewer
from potluck.web.composing import VISIBILITIES
from potluck.web.forms import choices
from potluck.web.i18n import _, _l
from potluck.web.types import AnyRequest

QUOTE_POLICIES = (("public", _l("Everyone")), ("followers", _l("Followers")), ("nobody", _l("Nobody but me")))
CONTENT_LABELS = {"text/plain": _l("Plain text"), "text/markdown": "Markdown"}
MAILS = (("mail_mention", _l("Someone mentions me")), ("mail_follow", _l("Someone follows me")),
         ("mail_request", _l("Someone asks to follow me")))
EXPAND_MEDIA = (("default", _l("All but sensitive ones")), ("show_all", _l("All")), ("hide_all", _l("None")))
STAFF_MAILS = (("mail_report", _l("A report comes in")), ("mail_signup", _l("Someone signs up")))


def _mails(me: Viewer) -> tuple[tuple[str, str], ...]:
    return MAILS + STAFF_MAILS if me.is_staff else MAILS


@get("/settings/preferences")
async def show(request: AnyRequest, me: Me) -> Response[Any]:
    """The form, filled with what is set."""
    mine = preferences.of(me.user)
    return await pages.render(
        request, "settings/preferences.html", heading=_("Preferences"), mine=mine, locale=me.user.locale,
        language=mine.language or current().language,
        locales=[{"value": tag, "label": i18n.language_name(tag)} for tag in i18n.available()],
        visibilities=choices(VISIBILITIES), quote_policies=choices(QUOTE_POLICIES),
        expand_media=choices(EXPAND_MEDIA),
        content_types=choices((name, CONTENT_LABELS[name]) for name in CONTENT_TYPES),
        languages=[{"value": tag, "label": name} for tag, name in i18n.post_languages()],
        mails=[{"name": name, "label": _(label), "on": getattr(mine, name)} for name, label in _mails(me)])


@post("/settings/preferences", status_code=303)
async def save(request: AnyRequest, me: Me, form: SentForm) -> Response[Any]:
    """Save the preferences."""
    changes: dict[str, Any] = {
        "visibility": form.one_of("visibility", tuple(value for value, _label in VISIBILITIES), "public"),
        "language": form.one_of("language", tuple(tag for tag, _name in i18n.post_languages()), "") or None,
        "quote_policy": form.one_of("quote_policy", tuple(value for value, _label in QUOTE_POLICIES), "public"),
        "content_type": form.one_of("content_type", CONTENT_TYPES, CONTENT_TYPES[0]),
        "sensitive": form.flag("sensitive"), "expand_spoilers": form.flag("expand_spoilers"),
        "expand_media": form.one_of("expand_media", tuple(value for value, _label in EXPAND_MEDIA), "default"),
        "autoplay_gifs": form.flag("autoplay_gifs"), "hide_scores": form.flag("hide_scores"),
        **{name: form.flag(name) for name, _label in _mails(me)},
    }
    async with request.app.state.db.write() as session:
        user = await session.get_one(User, me.user.id)
        await preferences.change(session, user, **changes)
        user.locale = form.one_of("locale", i18n.available(), user.locale)
        tokens.forget_user(session, user.id)
        i18n.use(user.locale)
    return flashes.with_flash(redirects.see_other("/settings/preferences"), "good", _("Your preferences are saved."))


route_handlers = [show, save]
