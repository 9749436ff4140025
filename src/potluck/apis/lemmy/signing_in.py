"""Signing in and out, and signing up."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.apis.calls import header_of
from potluck.apis.lemmy.endpoint import FAMILY, Answer, Call, answer, endpoint
from potluck.apis.lemmy.errors import refused
from potluck.apis.lemmy.words import Json
from potluck.settings import current
from potluck.social import gatekeeping
from potluck.social.accounts import app_passwords, confirmations, signup, tokens, totp
from potluck.social.accounts.mailing import send_soon
from potluck.social.model import User


def _login(jwt: str | None = None, *, registered: bool = False, mailed: bool = False) -> Json:
    """LoginResponse."""
    found: Json = {"registration_created": registered, "verify_email_sent": mailed}
    return found if jwt is None else {"jwt": jwt, **found}


@endpoint("POST", "/user/login", who="anyone")
async def login(call: Call) -> Answer:
    """A token for name and app password; for the account's own password only where the operator allows it."""
    name, password = call.text("username_or_email"), call.text("password")
    proven = await app_passwords.prove(await call.reader(), name, password, FAMILY, ip=call.address)
    if proven is None:
        raise refused("incorrect_login", 401)
    user = proven.user
    if user.disabled_at is not None:
        raise refused("site_ban")
    if user.confirmed_at is None and current().confirm_email:
        raise refused("email_not_verified")
    if user.approved_at is None:
        raise refused("registration_application_is_pending")
    code = call.params.text("totp_2fa_token")
    if proven.needs_code and not code:
        raise refused("missing_totp_token")
    async with call.write() as session:
        user = await session.get_one(User, user.id)
        right = not proven.needs_code or await totp.verify(session, user, code)
        jwt = await issue(session, call, user) if right else None
    if jwt is None:
        raise refused("incorrect_totp_token")
    return answer(_login(jwt))


async def issue(session: AsyncSession, call: Call, user: User) -> str:
    """A new token of this API."""
    program = header_of(call.request.scope, b"user-agent") or "Lemmy app"
    return (await tokens.issue(session, user, (), family=FAMILY, name=program)).secret


@endpoint("POST", "/user/register", who="anyone", act="register")
async def register(call: Call) -> Answer:
    """Make an account; with a token at once where nothing has to be confirmed or approved first."""
    params = call.params
    if not signup.is_possible() or params.text("honeypot"):
        raise refused("registration_closed")
    if call.text("password") != call.text("password_verify"):
        raise refused("passwords_do_not_match")
    if not params.text("email"):
        raise refused("email_required")
    if current().sign_up == "approval" and not params.text("answer").strip():
        raise refused("registration_application_answer_required")
    prepared = await signup.prepare(signup.Request(
        name=call.text("username"), email=params.text("email"), password=params.text("password"),
        reason=params.text("answer"), locale=call.settings.language, ip=call.address))
    signup.count_attempt(call.address)
    try:
        async with call.write() as session:
            account = await signup.create(session, prepared)
            mail = await confirmations.begin(session, account.user)
            free = account.user.approved_at is not None and not current().confirm_email
            jwt = await issue(session, call, account.user) if free else None
    except gatekeeping.Blocked:
        async with call.write() as session:
            await gatekeeping.count_refusal(session, prepared.email)
        raise
    send_soon(mail)
    return answer(_login(jwt, registered=account.user.approved_at is None, mailed=current().confirm_email))


@endpoint("GET", "/user/get_captcha", who="anyone")
async def captcha(_: Call) -> Answer:
    """None is asked here: newcomers confirm their address."""
    return answer({})


@endpoint("POST", "/user/logout", unconfirmed=True)
async def logout(call: Call) -> Answer:
    """End the token that was sent."""
    async with call.write() as session:
        await tokens.revoke_one(session, call.user.id, call.access.token_id if call.access else 0)
    return Answer(b'{"success":true}', headers=[("set-cookie", "jwt=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")])


@endpoint("GET", "/user/validate_auth")
async def validate(_: Call) -> Answer:
    """Whether the token counts."""
    return answer({"success": True})


route_handlers = [login, register, captcha, logout, validate]
