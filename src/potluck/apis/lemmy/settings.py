"""The asker's settings: how they read, what their profile says, their password, leaving; and taking settings along.

What changes how somebody signs in (address, second factor) is done on the site, which asks for the password first:
a token that an app lost must not be enough to take an account over.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.lemmy import images, local_user
from potluck.apis.lemmy.endpoint import FAMILY, Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import refused
from potluck.apis.lemmy.signing_in import issue
from potluck.apis.lemmy.words import Json, codes, moment
from potluck.social import profiles
from potluck.social.accounts import confirmations, deletion, passwords, resets, tokens
from potluck.social.accounts.mailing import send_soon
from potluck.social.accounts.rate_limits import Limiter
from potluck.social.errors import NotFound
from potluck.social.model import OAuthToken, User

SUCCESS = Answer(b'{"success":true}')
ON_THE_SITE = "not_supported"
_PICTURES = {"avatar": "avatar_url", "banner": "header_url"}
_VOTES = ("show_scores", "show_upvotes", "show_downvotes", "show_upvote_percentage")
_tries = Limiter(burst=10, seconds_each=60)


def on_the_site(what: str) -> Exception:
    """The refusal of what is done on the site alone."""
    return refused(ON_THE_SITE, message=what)


async def check_password(call: Call, name: str) -> None:
    """Make sure that the asker knows the account's own password.

    Raises:
        ApiError: it is wrong.
        TooMany: it was wrong too often.
    """
    key = str(call.user.id)
    _tries.take(key)
    await call.stop_reading()
    if not await passwords.verify(call.text(name), call.user.password_hash):
        raise refused("incorrect_login", 401)
    _tries.reset(key)


def _chosen(call: Call) -> Json:
    """Settings of apps among the parameters.

    Raises:
        ApiError: a value cannot be used.
    """
    found: Json = {}
    for name in (*local_user.DEFAULTS, *_VOTES):
        value = call.params.values.get(name)
        if value is None:
            continue
        if not (local_user.fits(name, value) or (name in _VOTES and isinstance(value, bool))):
            raise refused("invalid_body_field", message=f"{name} cannot be {value}")
        found[name] = plain(value)
    if call.params.values.get(local_user.LANGUAGES) is not None:
        found[local_user.LANGUAGES] = _languages(call.params.items(local_user.LANGUAGES))
    return found


def plain(value: Any) -> Any:
    """A setting as it is kept: without the character that PostgreSQL cannot keep."""
    return value.replace("\x00", "") if isinstance(value, str) else value


def _languages(given: list[Any]) -> list[int]:
    if not all(isinstance(number, int) and 0 <= number < len(codes()) for number in given):
        raise refused("language_not_allowed")
    return sorted(set(given))


async def keep(session: AsyncSession, user: User, chosen: Json) -> None:
    """Keep settings of apps beside our own preferences; what is not named stays."""
    row = await session.get_one(User, user.id)
    row.preferences = {**row.preferences, local_user.KEY: {**row.preferences.get(local_user.KEY, {}), **chosen}}
    await session.flush()
    tokens.forget_user(session, row.id)


async def _profile(session: AsyncSession, call: Call) -> Json:
    """What the parameters change of the asker's profile.

    Raises:
        ApiError: a picture is none of the asker's.
    """
    params = call.params
    changes: Json = {ours: params.text(theirs) for theirs, ours in (("display_name", "display_name"), ("bio", "note"))
                     if params.optional_text(theirs) is not None}
    if params.optional_flag("bot_account") is not None:
        changes["bot"] = params.flag("bot_account")
    for theirs, ours in _PICTURES.items():
        if params.optional_text(theirs) is not None:
            changes[ours] = await images.address_of(session, call.me, params.text(theirs))
    return changes


def _check_untouched(call: Call) -> None:
    email = call.params.optional_text("email")
    if email is not None and email.strip().lower() != call.user.email:
        raise on_the_site("Change your e-mail address on the site: it asks for your password")
    if call.params.text("matrix_user_id"):
        raise on_the_site("Put your Matrix address into a field of your profile, on the site")


@endpoint("PUT", "/user/save_user_settings")
async def save(call: Call) -> Answer:
    """Change how one reads and what one's profile says; what is absent stays."""
    _check_untouched(call)
    chosen = _chosen(call)
    async with call.write() as session:
        changes = await _profile(session, call)
        if changes:
            await profiles.update_profile(session, await call.acting(session), **changes)
        await keep(session, call.user, chosen)
    return SUCCESS


@endpoint("PUT", "/user/change_password")
async def change_password(call: Call) -> Answer:
    """Change the account's password; every browser and app is signed out, this one gets a new token."""
    if call.text("new_password") != call.text("new_password_verify"):
        raise refused("passwords_do_not_match")
    await check_password(call, "old_password")
    async with call.write() as session:
        user = await session.get_one(User, call.user.id)
        await passwords.replace(session, user, call.text("new_password"))
        jwt = await issue(session, call, user)
    return answer({"jwt": jwt, "registration_created": False, "verify_email_sent": False})


@endpoint("POST", "/user/password_reset", who="anyone", act="register")
async def ask_for_reset(call: Call) -> Answer:
    """A link by mail to choose a new password; answered alike for an address without account."""
    async with call.write() as session:
        mail = await resets.begin(session, call.text("email"), ip=call.address)
    if mail is not None:
        send_soon(mail)
    return SUCCESS


@endpoint("POST", "/user/password_change", who="anyone", act="register")
async def reset(call: Call) -> Answer:
    """Choose a new password with the secret of that link; one signs in afterwards."""
    if call.text("password") != call.text("password_verify"):
        raise refused("passwords_do_not_match")
    async with call.write() as session:
        try:
            await resets.finish(session, call.text("token"), call.text("password"))
        except NotFound as error:
            raise refused("token_not_found") from error
    return answer({"success": True})


@endpoint("POST", "/user/verify_email", who="anyone", act="register")
async def verify_email(call: Call) -> Answer:
    """Confirm an address with the secret of the mail."""
    async with call.write() as session:
        try:
            await confirmations.confirm(session, call.text("token"))
        except NotFound as error:
            raise refused("token_not_found") from error
    return SUCCESS


@endpoint("POST", "/user/delete_account", unconfirmed=True)
async def delete_account(call: Call) -> Answer:
    """Leave for good, with everything one said."""
    if not call.params.flag("delete_content", default=True):
        raise on_the_site("An account goes with what it said: nothing stays behind under its name")
    await check_password(call, "password")
    async with call.write() as session:
        await deletion.delete_account(session, await session.get_one(User, call.user.id))
    return SUCCESS


@endpoint("POST", "/user/totp/generate")
async def begin_second_factor(_: Call) -> Answer:
    """Two-factor sign-in is set up on the site."""
    raise on_the_site("Two-factor sign-in is set up on the site, which gives you recovery codes, too")


@endpoint("POST", "/user/totp/update")
async def change_second_factor(_: Call) -> Answer:
    """Two-factor sign-in is switched on and off on the site."""
    raise on_the_site("Two-factor sign-in is switched on and off on the site")


@endpoint("GET", "/user/list_logins")
async def logins(call: Call) -> Answer:
    """Apps that are signed in by this API."""
    rows = (await (await call.reader()).scalars(select(OAuthToken).where(
        OAuthToken.user_id == call.user.id, OAuthToken.family == FAMILY, OAuthToken.revoked_at.is_(None),
    ).order_by(OAuthToken.id.desc()).limit(200))).all()
    return answer([{"user_id": call.user.id, "published": moment(row.created_at), "user_agent": row.name}
                   for row in rows])


@endpoint("POST", "/user/donation_dialog_shown")
async def donation_dialog(_: Call) -> Answer:
    """There is none; nothing is to be remembered."""
    return SUCCESS


route_handlers = [save, change_password, ask_for_reset, reset, verify_email, delete_account, begin_second_factor,
                  change_second_factor, logins, donation_dialog]
