"""Signing up through an app, and confirming the e-mail address."""

from __future__ import annotations

from sqlalchemy import select

from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.oauth import issued_token
from potluck.apis.ports import ports
from potluck.social import gatekeeping
from potluck.social.accounts import confirmations, signup, tokens
from potluck.social.accounts.addresses import normalise_email
from potluck.social.accounts.mailing import send_soon
from potluck.social.errors import Invalid
from potluck.social.model import User

_FIELDS = {"name": "username"}
_CODES = {"taken": "ERR_TAKEN", "blank": "ERR_BLANK", "invalid": "ERR_INVALID", "too_long": "ERR_TOO_LONG",
          "too_short": "ERR_TOO_SHORT", "accepted": "ERR_ACCEPTED", "inclusion": "ERR_INCLUSION",
          "blocked": "ERR_BLOCKED", "reserved": "ERR_RESERVED", "unreachable": "ERR_UNREACHABLE"}


def _refusal(errors: list[Invalid]) -> ApiError:
    details: dict[str, list[dict[str, str]]] = {}
    for error in errors:
        details.setdefault(_FIELDS.get(error.field, error.field), []).append(
            {"error": _CODES.get(error.code, "ERR_INVALID"), "description": error.text})
    words = ", ".join(f"{field.capitalize()} {item['description'][:1].lower()}{item['description'][1:]}"
                      for field, items in details.items() for item in items)
    return ApiError(422, f"Validation failed: {words}", details=details)


def _check_given(call: Call) -> None:
    """What must be there at all; every missing field is named."""
    missing = [Invalid(name, "can't be blank", "blank") for name in ("username", "email", "password")
               if not call.params.text(name).strip()]
    if not call.params.flag("agreement"):
        missing.append(Invalid("agreement", "must be accepted", "accepted"))
    if missing:
        raise _refusal(missing)


@endpoint("POST", "/api/v1/accounts", scope="write:accounts", who="app")
async def create(call: Call) -> Answer:
    """Make an account; the answer is a token for it, of use once the address is confirmed."""
    if call.access is None or call.access.app is None or call.access.user is not None:
        raise ApiError(403, "This method requires a client credentials authentication")
    if not signup.is_possible():
        raise ApiError(403, "This action is not allowed")
    _check_given(call)
    params, app = call.params, call.access.app
    address = ports(call.request).client_address(call.request)
    try:
        prepared = await signup.prepare(signup.Request(
            name=params.text("username"), email=params.text("email"), password=params.text("password"),
            reason=params.text("reason"), invite=params.text("invite_code"),
            locale=params.text("locale") or call.settings.language, agreed=True, ip=address))
    except Invalid as error:
        raise _refusal([error]) from error
    signup.count_attempt(address)
    try:
        async with call.write() as session:
            account = await signup.create(session, prepared)
            issued = await tokens.issue(session, account.user, sorted(call.access.scopes), app=app)
            mail = await confirmations.begin(session, account.user)
    except gatekeeping.Blocked as error:
        async with call.write() as session:
            await gatekeeping.count_refusal(session, prepared.email)
        raise _refusal([error]) from error
    except Invalid as error:
        raise _refusal([error]) from error
    send_soon(mail)
    return issued_token(issued)


@endpoint("POST", "/api/v1/emails/confirmations", scope="write:accounts", unconfirmed=True)
async def confirm_again(call: Call) -> Answer:
    """Send the mail that confirms the address once more, perhaps to another address."""
    if call.user.confirmed_at is not None:
        raise ApiError(403, "This method is only available while the e-mail is awaiting confirmation")
    async with call.write() as session:
        user = await session.get_one(User, call.user.id)
        if call.params.text("email"):
            email = normalise_email(call.params.text("email"))
            if await session.scalar(select(User.id).where(User.email == email, User.id != user.id)):
                raise _refusal([Invalid("email", "has already been taken", "taken")])
            if email != user.email and await gatekeeping.is_blocked(session, email):
                raise _refusal([gatekeeping.Blocked()])
            user.email = email
        mail = await confirmations.begin(session, user)
        tokens.forget_user(session, user.id)
    send_soon(mail)
    return Answer(EMPTY)


@endpoint("GET", "/api/v1/emails/check_confirmation", scope="read:accounts", unconfirmed=True)
async def is_confirmed(call: Call) -> Answer:
    """Whether the address is confirmed."""
    return answer(call.user.confirmed_at is not None)


route_handlers = [create, confirm_again, is_confirmed]
