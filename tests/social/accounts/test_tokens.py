"""OAuth: who gets a token, what it stands for, and when it stops."""

from __future__ import annotations

import base64
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.social.accounts import oauth_apps, tokens
from potluck.social.errors import Invalid, NotFound
from potluck.social.model import OAuthApp, OAuthCode, OAuthToken, User
from support.databases import statements

CALLBACK = "https://app.test/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    tokens._cache.clear()


@pytest.fixture
async def alice(cast):
    """Alice's login."""
    async with cast.database.read() as session:
        return await session.scalar(select(User).where(User.actor_id == cast.alice.id))


@pytest.fixture
async def app(cast):
    """An application and its secret."""
    async with cast.database.write() as session:
        return await oauth_apps.register(session, name="Tusk", redirect_uris=[CALLBACK], scopes=["read", "write"])


async def code_for(cast, app: OAuthApp, user: User, **more: object) -> str:
    async with cast.database.write() as session:
        return await tokens.issue_code(session, app, user, CALLBACK, ["read"], **more)


async def redeem(cast, app: OAuthApp, code: str, redirect_uri: str = CALLBACK, **more: object):
    async with cast.database.write() as session:
        return await tokens.exchange_code(session, app, code, redirect_uri, **more)


async def who(cast, secret: str):
    async with cast.database.read() as session:
        return await tokens.authenticate(session, secret)


async def test_a_code_gives_a_token_that_stands_for_the_person(cast, app, alice) -> None:
    """The token knows user, actor, scopes, application and API family."""
    made, secret = app
    issued = await redeem(cast, made, await code_for(cast, made, alice), client_secret=secret)
    access = await who(cast, issued.secret)
    assert (access.user.id, access.actor.id, access.app.id) == (alice.id, cast.alice.id, made.id)
    assert (access.scopes, access.family) == (frozenset({"read"}), "mastodon")
    assert await who(cast, "something else") is None


async def test_only_hashes_are_kept(cast, app, alice) -> None:
    """Neither a token nor a code nor an application's secret can be read out of the database."""
    made, secret = app
    code = await code_for(cast, made, alice)
    issued = await redeem(cast, made, code, client_secret=secret)
    async with cast.database.read() as session:
        kept = [*(await session.scalars(select(OAuthToken.token_hash))), *(await session.scalars(
            select(OAuthCode.code_hash))), *(await session.scalars(select(OAuthApp.client_secret)))]
    assert not {code, issued.secret, secret} & set(kept)


async def test_a_replayed_code_revokes_its_token(cast, app, alice) -> None:
    """A code that comes twice has leaked (RFC 6749 §4.1.2): nothing for the second, and the first is ended."""
    made, secret = app
    code = await code_for(cast, made, alice)
    issued = await redeem(cast, made, code, client_secret=secret)
    assert await who(cast, issued.secret) is not None
    assert await redeem(cast, made, code, client_secret=secret) is None
    assert await who(cast, issued.secret) is None


@pytest.mark.parametrize("wrong", [
    {"redirect_uri": "https://app.test/other"}, {"client_secret": "guess"}, {"client_secret": None},
    {"verifier": VERIFIER}])
async def test_a_code_needs_all_that_belongs_to_it(cast, app, alice, wrong) -> None:
    """Another redirect URI, a wrong or missing secret, or a verifier without challenge get nothing."""
    made, secret = app
    asked = {"client_secret": secret} | wrong
    assert await redeem(cast, made, await code_for(cast, made, alice), **asked) is None


async def test_pkce_replaces_the_secret_and_cannot_be_left_out(cast, app, alice) -> None:
    """With a challenge the verifier must fit, with or without the secret (RFC 7636)."""
    made, secret = app

    async def ask(**more: object):
        return await redeem(cast, made, await code_for(cast, made, alice, code_challenge=CHALLENGE), **more)

    assert await ask(verifier=VERIFIER) is not None
    assert await ask(verifier=VERIFIER, client_secret=secret) is not None
    assert await ask(verifier="w" * 43) is None
    assert await ask(verifier="short") is None
    assert await ask(client_secret=secret) is None


async def test_only_s256_is_known(cast, app, alice) -> None:
    """The method `plain` protects nobody."""
    with pytest.raises(Invalid):
        await code_for(cast, app[0], alice, code_challenge=VERIFIER, code_challenge_method="plain")


async def test_a_code_ends_after_ten_minutes(cast, app, alice) -> None:
    """And it is another application's nothing."""
    made, secret = app
    code = await code_for(cast, made, alice)
    async with cast.database.write() as session:
        other, other_secret = await oauth_apps.register(
            session, name="Other", redirect_uris=[CALLBACK], scopes=["read"])
    assert await redeem(cast, other, code, client_secret=other_secret) is None
    async with cast.database.write() as session:
        await session.execute(update(OAuthCode).values(created_at=now() - timedelta(minutes=11)))
    assert await redeem(cast, made, code, client_secret=secret) is None


async def test_a_code_goes_only_to_a_registered_address(cast, app, alice) -> None:
    """An open redirect would hand it to anyone."""
    async with cast.database.write() as session:
        with pytest.raises(Invalid):
            await tokens.issue_code(session, app[0], alice, "https://evil.test/", ["read"])


async def test_a_look_up_is_one_query_and_then_none(cast, app, alice) -> None:
    """On the hot path a token costs one query, and for some seconds nothing."""
    made, secret = app
    issued = await redeem(cast, made, await code_for(cast, made, alice), client_secret=secret)
    with statements(cast.database) as sent:
        await who(cast, issued.secret)
    assert len([text for text in sent if text.startswith("SELECT")]) == 1
    with statements(cast.database) as sent:
        await who(cast, issued.secret)
    assert sent == []


async def test_revoking_counts_at_once(cast, app, alice) -> None:
    """Whoever revokes it: the application, the person for one token, for an application, or for all."""
    made, secret = app

    async def fresh():
        issued = await redeem(cast, made, await code_for(cast, made, alice), client_secret=secret)
        assert await who(cast, issued.secret) is not None
        return issued

    for act in (lambda s, t: tokens.revoke(s, made, t.secret), lambda s, t: tokens.revoke_one(s, alice.id, t.token.id),
                lambda s, t: tokens.revoke_app(s, alice.id, made.id), lambda s, t: tokens.revoke_all(s, alice.id)):
        issued = await fresh()
        async with cast.database.write() as session:
            await act(session, issued)
        assert await who(cast, issued.secret) is None


async def test_a_revocation_that_is_rolled_back_did_not_happen(cast, app, alice) -> None:
    """The memory of this process follows the database."""
    made, secret = app
    issued = await redeem(cast, made, await code_for(cast, made, alice), client_secret=secret)
    with pytest.raises(RuntimeError):
        async with cast.database.write() as session:
            await tokens.revoke_all(session, alice.id)
            raise RuntimeError
    assert await who(cast, issued.secret) is not None


async def test_an_application_cannot_revoke_what_is_not_its_own(cast, app, alice) -> None:
    """Another application's token stays; an unknown one is no error (RFC 7009)."""
    made, secret = app
    issued = await redeem(cast, made, await code_for(cast, made, alice), client_secret=secret)
    async with cast.database.write() as session:
        other, _ = await oauth_apps.register(session, name="Other", redirect_uris=[CALLBACK], scopes=["read"])
        assert await tokens.revoke(session, other, issued.secret) is False
        assert await tokens.revoke(session, other, "unknown") is True
    assert await who(cast, issued.secret) is not None


async def test_someone_elses_token_is_not_there(cast, app, alice) -> None:
    """A person can end only their own."""
    made, secret = app
    issued = await redeem(cast, made, await code_for(cast, made, alice), client_secret=secret)
    async with cast.database.write() as session:
        with pytest.raises(NotFound):
            await tokens.revoke_one(session, alice.id + 1, issued.token.id)


async def test_an_applications_own_token_has_no_person(cast, app) -> None:
    """`client_credentials`: scopes and application only."""
    async with cast.database.write() as session:
        issued = await tokens.issue(session, None, ["read"], app=app[0])
    access = await who(cast, issued.secret)
    assert (access.user, access.actor, access.app.name) == (None, None, "Tusk")


async def test_a_token_of_someone_who_left_is_worth_nothing(cast, alice) -> None:
    """Also when it was never revoked."""
    async with cast.database.write() as session:
        issued = await tokens.issue(session, alice, ["read"])
    await cast.change(cast.alice, deleted_at=now())
    assert await who(cast, issued.secret) is None


@pytest.mark.parametrize("uri", [
    "https://app.test/x", "urn:ietf:wg:oauth:2.0:oob", "toot://oauth", "http://127.0.0.1:8123/cb", "http://localhost/cb",
    "com.example.app:/callback", "http://[::1]:99/"])
async def test_redirect_addresses_that_apps_use(cast, uri) -> None:
    """https, out of band, private-use schemes, loopback (RFC 8252)."""
    async with cast.database.write() as session:
        app, _ = await oauth_apps.register(session, name="A", redirect_uris=[uri], scopes=["read"])
    assert oauth_apps.may_redirect(app, uri)


@pytest.mark.parametrize("uri", [
    "javascript:alert(1)", "data:text/html,x", "http://evil.example/", "https://", "https://app.test/#x", "nonsense",
    "https://a b.test/", "https://[::1", "file:///etc/passwd"])
async def test_redirect_addresses_that_are_refused(cast, uri) -> None:
    """What a browser would run, what is not safe on the way, what is no address."""
    async with cast.database.write() as session:
        with pytest.raises(Invalid):
            await oauth_apps.register(session, name="A", redirect_uris=[uri], scopes=["read"])


async def test_loopback_ports_are_free_others_are_not(cast) -> None:
    """A program on the person's machine takes the port it gets; hosts and paths must fit to the letter."""
    async with cast.database.write() as session:
        app, _ = await oauth_apps.register(
            session, name="A", redirect_uris=["http://127.0.0.1/cb", "https://app.test/cb"], scopes=["read"])
    assert oauth_apps.may_redirect(app, "http://127.0.0.1:5555/cb")
    for other in ("http://127.0.0.1:5555/other", "https://app.test:444/cb", "https://app.test/cb/", "http://localhost/cb",
                  "http://x@127.0.0.1/cb"):
        assert not oauth_apps.may_redirect(app, other)
