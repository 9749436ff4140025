"""Signing in and out: password, second factor, passkey."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import Response

from potluck.handlers import get, post
from potluck.social.accounts import passkeys, sessions, signin
from potluck.social.accounts.rate_limits import Limiter, address_key
from potluck.social.errors import Invalid, NotFound, SocialError
from potluck.text.addresses import parts_of
from potluck.web import auth, cookies, flashes, pages, redirects
from potluck.web.asking import Guest, SentForm
from potluck.web.composing import form_errors
from potluck.web.i18n import _, said
from potluck.web.types import AnyRequest

_SECOND = "second"
_PASSKEY = "passkey-signin"
_MINUTES = 600
_ceremonies = Limiter(burst=20, seconds_each=6)


class Waiting(msgspec.Struct):
    """What the browser keeps (signed) while the second factor is asked for."""

    ticket: str
    next: str


def _agent(request: AnyRequest) -> str:
    return str(request.headers.get("user-agent", ""))


@get("/signin")
async def show(request: AnyRequest, viewer: Guest) -> Response[Any]:
    """The form; `next` is where to go afterwards."""
    target = redirects.safe_path(request.query_params.get("next"))
    if viewer:
        return redirects.see_other(target)
    return await pages.render(request, "signin/signin.html", next=target, values={}, errors={})


@post("/signin", status_code=303)
async def sign_in(request: AnyRequest, form: SentForm) -> Response[Any]:
    """Check the password; ask for the second factor where it is on."""
    target = redirects.safe_path(form.text("next", limit=2000))
    ip = auth.client_address(request)
    try:
        async with request.app.state.db.read() as session:
            checked = await signin.check_password(session, form.text("login", limit=320), form.secret("password"),
                                                  ip=ip)
    except Invalid as error:
        return await pages.render(request, "signin/signin.html", next=target, values=form.kept("login"),
                                  errors=form_errors(error), status=422)
    async with request.app.state.db.write() as session:
        begun = await signin.begin(session, checked, ip=ip, user_agent=_agent(request))
    if begun.session_secret:
        return signed_in(begun.session_secret, target)
    response = redirects.see_other("/signin/second")
    waiting = msgspec.json.encode(Waiting(begun.ticket or "", target))
    cookies.put(response, cookies.PENDING, cookies.sign(_SECOND, waiting), max_age=_MINUTES)
    return response


def signed_in(secret: str, target: str) -> Response[Any]:
    """On to `target` with a session; whatever waited for it ends."""
    response = redirects.see_other(target)
    auth.start_session(response, secret)
    cookies.drop(response, cookies.PENDING)
    return response


def _waiting(request: AnyRequest) -> Waiting | None:
    kept = cookies.verify(_SECOND, cookies.read(request, cookies.PENDING))
    return msgspec.json.decode(kept, type=Waiting) if kept else None


@get("/signin/second")
async def show_second(request: AnyRequest) -> Response[Any]:
    """The form that asks for a code."""
    if _waiting(request) is None:
        return redirects.see_other("/signin")
    return await pages.render(request, "signin/second.html", errors={})


@post("/signin/second", status_code=303)
async def second(request: AnyRequest, form: SentForm) -> Response[Any]:
    """Check the code."""
    waiting = _waiting(request)
    if waiting is None:
        return redirects.see_other("/signin")
    try:
        async with request.app.state.db.write() as session:
            secret = await signin.second_factor(session, waiting.ticket, form.secret("code"),
                                                ip=auth.client_address(request), user_agent=_agent(request))
    except Invalid as error:
        return await pages.render(request, "signin/second.html", errors=form_errors(error), status=422)
    except NotFound as error:
        return flashes.with_flash(redirects.see_other("/signin"), "warn", said(error))
    return signed_in(secret, redirects.safe_path(waiting.next))


@post("/signout", status_code=303)
async def sign_out(request: AnyRequest) -> Response[Any]:
    """End this browser's session."""
    async with request.app.state.db.write() as session:
        await sessions.end_by_secret(session, cookies.read(request, cookies.SESSION))
    response = flashes.with_flash(redirects.see_other("/"), "good", _("You are signed out."))
    cookies.drop(response, cookies.SESSION)
    # What pages keep in this browser: drafts, unsaved texts, the editor's page for times without a connection.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@post("/signin/passkey/options", status_code=200)
async def passkey_options(request: AnyRequest) -> Response[Any]:
    """First half of a sign-in by passkey."""
    _ceremonies.take(address_key(auth.client_address(request)))
    options, challenge = passkeys.begin_sign_in()
    return json_answer(options, challenge, _PASSKEY)


def json_answer(options: str, challenge: bytes, purpose: str) -> Response[Any]:
    """A ceremony's options for the script, with the challenge kept in a signed cookie."""
    response = Response(options.encode(), media_type="application/json", headers={"Cache-Control": "no-store"})
    cookies.put(response, cookies.PENDING, cookies.sign(purpose, challenge), max_age=_MINUTES)
    return response


def challenge_of(request: AnyRequest, purpose: str) -> bytes:
    """The challenge this browser was given, b'' if it has none."""
    return cookies.verify(purpose, cookies.read(request, cookies.PENDING)) or b""


class PasskeyAnswer(msgspec.Struct):
    """What the script sends back."""

    credential: msgspec.Raw
    name: str = ""


async def passkey_answer(request: AnyRequest) -> PasskeyAnswer:
    """The script's answer.

    Raises:
        Invalid: it is none.
    """
    try:
        return msgspec.json.decode(await request.body(), type=PasskeyAnswer)
    except msgspec.MsgspecError as error:
        raise Invalid("passkey", "The device's answer is not right") from error


def json_error(error: SocialError) -> Response[Any]:
    """A refusal in words for the script."""
    return Response(msgspec.json.encode({"error": said(error)}), status_code=error.status,
                    media_type="application/json")


def _next_of_page(request: AnyRequest) -> str:
    """`next` of the sign-in page the script runs on."""
    query = parse_qs(parts_of(request.headers.get("referer", "")).query)
    return redirects.safe_path(query.get("next", [""])[0])


@post("/signin/passkey", status_code=200)
async def passkey(request: AnyRequest) -> Response[Any]:
    """Second half: sign in."""
    try:
        answer = await passkey_answer(request)
        async with request.app.state.db.write() as session:
            user = await passkeys.finish_sign_in(session, bytes(answer.credential).decode(),
                                                 challenge_of(request, _PASSKEY))
            secret = await sessions.start(session, user, ip=auth.client_address(request), user_agent=_agent(request))
    except SocialError as error:
        return json_error(error)
    target = msgspec.json.encode({"redirect": _next_of_page(request)})
    response: Response[Any] = Response(target, media_type="application/json")
    auth.start_session(response, secret)
    cookies.drop(response, cookies.PENDING)
    return response


route_handlers = [show, sign_in, show_second, second, sign_out, passkey_options, passkey]
