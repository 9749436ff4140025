"""Signing in: passwords, second factors, limits, and what nobody may learn from it."""

from __future__ import annotations

import time
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import select, update

from potluck.db.base import now
from potluck.settings import current, use
from potluck.social.accounts import (
    app_passwords,
    confirmations,
    mail_tokens,
    passwords,
    rate_limits,
    recovery,
    resets,
    sessions,
    signin,
    totp,
)
from potluck.social.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from potluck.social.model import EmailToken, User, WebSession

PASSWORD = "a long enough sentence"
IP = "203.0.113.7"


@pytest.fixture(autouse=True)
def _fresh_limits(monkeypatch) -> None:
    for module in (signin, resets, confirmations):
        for name, value in list(vars(module).items()):
            if isinstance(value, rate_limits.Limiter):
                monkeypatch.setattr(module, name, rate_limits.Limiter(value._burst, value._each))


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords._hasher.hash(PASSWORD)


@pytest.fixture
async def user(cast, password_hash) -> User:
    """Alice's login, with a password."""
    async with cast.database.write() as session:
        row = await session.scalar(select(User).where(User.actor_id == cast.alice.id))
        row.password_hash = password_hash
        return row


async def check(cast, login: str = "alice", password: str = PASSWORD, ip: str = IP) -> signin.Checked:
    async with cast.database.read() as session:
        return await signin.check_password(session, login, password, ip=ip)


async def test_name_handle_and_address_all_sign_in(cast, user) -> None:
    """However people write who they are, in any case."""
    for login in ("alice", "@Alice", "alice@potluck.test", "ALICE@mail.test", " alice "):
        assert (await check(cast, login)).user.id == user.id


async def test_a_session_is_found_by_its_secret_only(cast, user) -> None:
    """The cookie's secret is kept as a hash; signing out ends it."""
    async with cast.database.write() as session:
        begun = await signin.begin(session, signin.Checked(user), ip=IP, user_agent="Lynx")
    secret = begun.session_secret
    async with cast.database.read() as session:
        found = await sessions.find(session, secret)
        assert (found.user.id, found.actor.id, found.session.user_agent) == (user.id, cast.alice.id, "Lynx")
        assert found.session.token_hash != secret
        assert await sessions.find(session, found.session.token_hash) is None
    async with cast.database.write() as session:
        await sessions.end_by_secret(session, secret)
        assert await sessions.find(session, secret) is None


async def test_a_session_of_a_disabled_login_or_after_its_time_is_none(cast, user) -> None:
    """Locking someone out counts for browsers that are signed in."""
    async with cast.database.write() as session:
        secret = await sessions.start(session, user)
        await session.execute(update(WebSession).values(expires_at=now()))
        assert await sessions.find(session, secret) is None
        secret = await sessions.start(session, user)
        await session.execute(update(User).where(User.id == user.id).values(disabled_at=now()))
        assert await sessions.find(session, secret) is None


async def test_someone_elses_session_cannot_be_ended(cast, user) -> None:
    """It is not there for anyone else."""
    async with cast.database.write() as session:
        await sessions.start(session, user)
        [row] = await sessions.all_of(session, user.id)
        with pytest.raises(NotFound):
            await sessions.end(session, user.id + 1, row.id)


async def test_unknown_and_wrong_are_told_alike(cast, user) -> None:
    """Same error, same work: a password is hashed although there is nobody."""
    before = time.perf_counter()
    with pytest.raises(signin.WrongCredentials) as wrong:
        await check(cast, password="not it at all")
    between = time.perf_counter()
    with pytest.raises(signin.WrongCredentials) as unknown:
        await check(cast, login="nobody_here")
    after = time.perf_counter()
    assert (wrong.value.text, wrong.value.field) == (unknown.value.text, unknown.value.field)
    assert (after - between) > (between - before) / 4


async def test_a_disabled_login_is_told_only_to_who_knows_the_password(cast, user) -> None:
    """Otherwise it would tell that there is such an account."""
    async with cast.database.write() as session:
        await session.execute(update(User).where(User.id == user.id).values(disabled_at=now()))
    with pytest.raises(NotAllowed):
        await check(cast)
    with pytest.raises(signin.WrongCredentials):
        await check(cast, password="not it at all")


async def test_guessing_is_limited_for_account_and_address(cast, user, monkeypatch) -> None:
    """Ten wrong tries from one address, and even the right password must wait; another address is not locked out."""
    async def wrong(*_: object) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "verify", wrong)
        for _ in range(10):
            with pytest.raises(signin.WrongCredentials):
                await check(cast)
    with pytest.raises(TooMany) as refused:
        await check(cast)
    assert refused.value.retry_after >= 1
    assert (await check(cast, ip="198.51.100.1")).user.id == user.id


async def test_an_address_cannot_try_many_accounts(cast, user, monkeypatch) -> None:
    """Forty names from one address, and that is it for a while."""
    async def wrong(*_: object) -> bool:
        return False

    monkeypatch.setattr(passwords, "verify", wrong)
    for number in range(40):
        with pytest.raises(signin.WrongCredentials):
            await check(cast, login=f"name{number}")
    with pytest.raises(TooMany):
        await check(cast, login="another")


async def enabled(cast, user: User) -> tuple[str, list[str]]:
    """Two-factor sign-in turned on: the secret and the recovery codes."""
    async with cast.database.write() as session:
        secret = await totp.begin(session, user)
        codes = await totp.enable(session, user, pyotp.TOTP(secret).now())
        await session.execute(update(User).where(User.id == user.id).values(totp_last_step=0))
    return secret, codes


async def test_a_second_factor_is_asked_for(cast, user) -> None:
    """The password alone gives a ticket, the ticket with a code a session, and the code works once."""
    secret, _ = await enabled(cast, user)
    code = pyotp.TOTP(secret).now()
    async with cast.database.write() as session:
        begun = await signin.begin(session, await signin.check_password(session, "alice", PASSWORD, ip=IP))
        assert begun.session_secret is None
    async with cast.database.write() as session:
        with pytest.raises(Invalid):
            await signin.second_factor(session, begun.ticket, "000000" if code != "000000" else "111111")
    async with cast.database.write() as session:
        signed_in = await signin.second_factor(session, begun.ticket, code)
        assert (await sessions.find(session, signed_in)).user.id == user.id
    async with cast.database.write() as session:
        with pytest.raises(NotFound):
            await signin.second_factor(session, begun.ticket, code)
        again = await signin.begin(session, signin.Checked(user))
        with pytest.raises(Invalid):
            await signin.second_factor(session, again.ticket, code)


async def test_a_recovery_code_works_once(cast, user) -> None:
    """However it is spelled; afterwards there are nine."""
    _, codes = await enabled(cast, user)
    assert len(set(codes)) == recovery.COUNT
    async with cast.database.write() as session:
        assert await recovery.use(session, user, codes[0].upper().replace("-", " "))
        assert not await recovery.use(session, user, codes[0])
        row = await session.get_one(User, user.id)
        assert recovery.left(row) == recovery.COUNT - 1
        assert not set(codes) & set(row.recovery_codes)


async def test_wrong_codes_are_limited(cast, user) -> None:
    """A six-digit code could be guessed otherwise."""
    await enabled(cast, user)
    async with cast.database.write() as session:
        begun = await signin.begin(session, signin.Checked(user))
    for _ in range(6):
        async with cast.database.write() as session:
            with pytest.raises(Invalid):
                await signin.second_factor(session, begun.ticket, "abcdef")
    async with cast.database.write() as session:
        with pytest.raises(TooMany):
            await signin.second_factor(session, begun.ticket, "abcdef")


async def test_a_second_factor_is_on_only_after_a_right_code(cast, user) -> None:
    """A secret that no app ever saw must not lock anyone out."""
    async with cast.database.write() as session:
        await totp.begin(session, user)
        with pytest.raises(Invalid):
            await totp.enable(session, user, "abc")
        assert not await totp.verify(session, user, "123456")
    await enabled(cast, user)
    async with cast.database.write() as session:
        with pytest.raises(Conflict):
            await totp.begin(session, user)


async def test_a_reset_ends_every_session_and_works_once(cast, user) -> None:
    """Whoever had the old password is out; a refused password leaves the link usable, a taken one uses it up."""
    async with cast.database.write() as session:
        old = await sessions.start(session, user)
        mail = await resets.begin(session, "alice@mail.test", ip=IP)
    secret = mail.text.split("/reset/")[1].split()[0]
    with pytest.raises(Invalid):
        async with cast.database.write() as session:
            await resets.finish(session, secret, "short")
    async with cast.database.write() as session:
        await resets.finish(session, secret, "another long sentence")
        assert await sessions.find(session, old) is None
        with pytest.raises(NotFound):
            await resets.finish(session, secret, "yet another sentence")
    assert (await check(cast, password="another long sentence")).user.id == user.id


async def test_a_reset_for_nobody_looks_the_same(cast, user) -> None:
    """No mail, no error."""
    async with cast.database.write() as session:
        assert await resets.begin(session, "nobody@mail.test", ip=IP) is None


async def test_app_passwords_count_for_their_family_only(cast, user) -> None:
    """And the account password not at all, unless the operator allows it and there is no second factor."""
    async with cast.database.write() as session:
        secret = await app_passwords.create(session, user, "Phone", "lemmy")

    async def ask(password: str, family: str = "lemmy", login: str = "alice"):
        async with cast.database.read() as session:
            return await app_passwords.authenticate(session, login, password, family, ip=IP)

    assert (await ask(secret)).id == user.id
    assert await ask(secret, "peertube") is None
    assert await ask(secret, login="bob") is None
    assert await ask(PASSWORD) is None
    before = current()
    use(replace(before, legacy_passwords=True))
    try:
        assert (await ask(PASSWORD)).id == user.id
        await enabled(cast, user)
        assert await ask(PASSWORD) is None
        assert (await ask(secret)).id == user.id
    finally:
        use(before)


async def test_app_passwords_are_readable_only_where_a_protocol_needs_it(cast, user) -> None:
    """Subsonic clients send a hash of password and salt; all others are kept as hashes."""
    async with cast.database.write() as session:
        hidden = await app_passwords.create(session, user, "Phone", "lemmy")
        shown = await app_passwords.create(session, user, "Player", "subsonic")
        rows = {row.name: row for row in await app_passwords.all_of(session, user.id)}
        assert rows["Phone"].secret is None
        assert hidden != rows["Phone"].secret_hash
        found = await app_passwords.readable(session, "alice", "subsonic")
        assert [row.secret for row in found[1]] == [shown]
        assert await app_passwords.readable(session, "alice", "lemmy") is None
        await app_passwords.revoke(session, user.id, rows["Player"].id)
        with pytest.raises(NotFound):
            await app_passwords.revoke(session, user.id + 1, rows["Phone"].id)


async def test_links_by_mail_end(cast, user) -> None:
    """A link works once, in its time, for its purpose, and the newer one ends the older."""
    async with cast.database.write() as session:
        first = await mail_tokens.make(session, user.id, "confirm", confirmations.LIFETIME)
        second = await mail_tokens.make(session, user.id, "confirm", confirmations.LIFETIME)
        for secret, purpose in ((first, "confirm"), (second, "reset")):
            with pytest.raises(NotFound):
                await mail_tokens.use(session, secret, purpose)
        assert (await mail_tokens.use(session, second, "confirm"))[0] == user.id
        with pytest.raises(NotFound):
            await mail_tokens.use(session, second, "confirm")
        late = await mail_tokens.make(session, user.id, "reset", resets.LIFETIME)
        await session.execute(update(EmailToken).values(expires_at=now()))
        with pytest.raises(NotFound):
            await mail_tokens.use(session, late, "reset")


async def test_a_new_address_counts_once_confirmed(cast, user) -> None:
    """Until then the old one does; an address of somebody else gets a mail of another kind and no link."""
    async with cast.database.write() as session:
        mail = await confirmations.begin_change(session, user, "New@Mail.test")
        assert (await session.get_one(User, user.id)).email == "alice@mail.test"
        secret = mail.text.split("/confirm/")[1].split()[0]
        await confirmations.confirm(session, secret)
        assert (await session.get_one(User, user.id)).email == "new@mail.test"
        taken = await confirmations.begin_change(session, user, "bob@mail.test")
        assert "/confirm/" not in taken.text
