"""Signing up: who may, what is checked, and the first administrator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from potluck.db.ids import ids
from potluck.settings import current, use
from potluck.social import keys
from potluck.social.accounts import addresses, deletion, invites, passwords, rate_limits, sessions, signup
from potluck.social.errors import Conflict, Invalid, NotAllowed, TooMany
from potluck.social.model import Actor, Invite, Notification, User, WebSession

PASSWORD = "a long enough sentence"


@pytest.fixture(autouse=True)
def _quick(monkeypatch, pairs) -> None:
    """Keys and hashes that take no time."""
    async def ready() -> keys.KeyPairs:
        return pairs

    async def hashed(password: str) -> str:
        return f"hash of {password}"

    monkeypatch.setattr(signup, "generate", ready)
    monkeypatch.setattr(passwords, "hash_password", hashed)


@pytest.fixture
def mode():
    """Set who may sign up."""
    before = current()

    def choose(word: str) -> None:
        use(replace(current(), sign_up=word))

    yield choose
    use(before)


async def prepared(**changes: str) -> signup.Prepared:
    return await signup.prepare(signup.Request(
        **({"name": "nadia", "email": "nadia@mail.test", "password": PASSWORD} | changes)))


async def test_open_sign_up_makes_an_account_that_must_confirm(session, mode) -> None:
    """The login is let in, its address is not confirmed yet, and it owns its actor."""
    mode("open")
    made = await signup.create(session, await prepared(name="Nadia", email="Nadia@MAIL.test"))
    assert (made.user.email, made.actor.name, made.actor.owner_id) == ("nadia@mail.test", "nadia", made.user.id)
    assert made.user.confirmed_at is None
    assert made.user.approved_at is not None


async def test_closed_means_closed(session, mode) -> None:
    """With an invitation too."""
    mode("closed")
    for invite in ("", "some"):
        with pytest.raises(NotAllowed):
            await signup.create(session, await prepared(invite=invite))


async def test_approval_needs_a_reason_and_tells_the_moderators(session, mode, cast_staff) -> None:
    """The account waits until somebody says yes."""
    mode("approval")
    with pytest.raises(Invalid) as refused:
        await signup.create(session, await prepared())
    assert refused.value.field == "reason"
    made = await signup.create(session, await prepared(reason="I like soup"))
    assert made.user.approved_at is None
    told = (await session.scalars(select(Notification).where(Notification.type == "admin.sign_up"))).all()
    assert [(row.reader_id, row.actor_id) for row in told] == [(cast_staff.actor_id, made.actor.id)]
    assert [user.id for user, _ in await signup.pending(session)] == [made.user.id]
    await signup.approve(session, made.user.id)
    assert list(await signup.pending(session)) == []


@pytest.fixture
async def cast_staff(session, alice) -> User:
    """A moderator."""
    row = User(id=ids.new(), actor_id=alice.id, email="alice@mail.test", password_hash="-", role="moderator",
               confirmed_at=alice.created_at, approved_at=alice.created_at, recovery_codes=[], preferences={})
    session.add(row)
    await session.flush()
    return row


async def test_an_invitation_works_as_often_as_it_says(session, mode, cast_staff) -> None:
    """And lets in without approval."""
    mode("invite")
    with pytest.raises(Invalid):
        await signup.create(session, await prepared())
    invite = await invites.create(session, cast_staff, max_uses=1)
    made = await signup.create(session, await prepared(invite=invite.code))
    assert (made.user.approved_at is not None, made.user.invite_id) == (True, invite.id)
    with pytest.raises(Invalid):
        await signup.create(session, await prepared(name="otto", email="otto@mail.test", invite=invite.code))
    await invites.withdraw(session, cast_staff.id, invite.id)


async def test_the_set_up_link_makes_one_administrator(session, mode) -> None:
    """Even where sign-ups are closed; an ordinary invitation makes none."""
    mode("closed")
    session.add(Invite(id=ids.new(), code="set-up", creator_id=None, role="admin", max_uses=1, uses=0))
    await session.flush()
    assert not await signup.has_admin(session)
    made = await signup.create_first_admin(session, await prepared(), "set-up")
    assert (made.user.role, made.user.confirmed_at is not None) == ("owner", True)
    assert await signup.has_admin(session)
    with pytest.raises(Invalid):
        await signup.create_first_admin(session, await prepared(name="otto", email="otto@mail.test"), "set-up")


@pytest.mark.parametrize(("changes", "field"), [
    ({"email": "nonsense"}, "email"), ({"email": "a b@mail.test"}, "email"), ({"email": ""}, "email"),
    ({"password": "short"}, "password"), ({"password": "aaaaaaaaaaaaaaa"}, "password"), ({"password": ""}, "password"),
    ({"password": "x" * 1001}, "password"), ({"reason": "x" * 1001}, "reason")])
async def test_fields_are_checked_before_anything_is_written(changes, field) -> None:
    """Each error names its field."""
    with pytest.raises(Invalid) as refused:
        await prepared(**changes)
    assert refused.value.field == field


async def test_a_taken_address_is_an_error_of_its_own(session, mode) -> None:
    """So that a form can answer as if it were free, and write to the owner instead."""
    mode("open")
    await signup.create(session, await prepared())
    with pytest.raises(signup.AddressTaken):
        await signup.create(session, await prepared(name="other"))
    assert await session.scalar(select(func.count()).select_from(Actor).where(Actor.name == "other")) == 0


@pytest.fixture
def rate_limits_on():
    """Limits are counted, whatever settings an earlier test left in force."""
    before = current()
    yield use(replace(before, rate_limits=True))
    use(before)


def test_sign_ups_from_one_address_are_limited(monkeypatch, rate_limits_on) -> None:
    """Five at once; of IPv6 the whole /64 counts."""
    monkeypatch.setattr(signup, "_by_address", rate_limits.Limiter(5, 360))
    for number in range(5):
        signup.count_attempt(f"2001:db8::{number}")
    with pytest.raises(TooMany):
        signup.count_attempt("2001:db8::ffff")
    signup.count_attempt("2001:db8:0:1::1")


def test_addresses_have_one_form() -> None:
    """Lower case, domain in ASCII."""
    assert addresses.normalise_email(" Me@Bücher.Example ") == "me@xn--bcher-kva.example"


async def test_who_leaves_is_gone_with_sessions_and_name(session, mode, heard) -> None:
    """The login goes, the name stays taken."""
    mode("open")
    made = await signup.create(session, await prepared())
    await sessions.start(session, made.user)
    await deletion.delete_account(session, made.user)
    assert await session.scalar(select(func.count()).select_from(User)) == 0
    assert await session.scalar(select(func.count()).select_from(WebSession)) == 0
    with pytest.raises(Invalid):
        await signup.create(session, await prepared(email="again@mail.test"))


async def test_the_last_administrator_cannot_leave(session, mode) -> None:
    """Somebody must be able to look after the server."""
    made = await signup.create_by_operator(session, await prepared(), role="admin")
    with pytest.raises(Conflict):
        await deletion.delete_account(session, made.user)


async def test_real_passwords_are_hashed_with_argon2(monkeypatch) -> None:
    """Right and wrong are told apart, and nonsense in the database is just wrong."""
    monkeypatch.undo()
    kept = await passwords.hash_password(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert await passwords.verify(PASSWORD, kept)
    assert not await passwords.verify(PASSWORD + "!", kept)
    assert not await passwords.verify(PASSWORD, "-")
    assert not passwords.outdated(kept)


async def test_who_is_let_in_or_not_gets_a_mail(session, monkeypatch) -> None:
    """Both with words; a refusal is not mailed to an address that nobody confirmed."""
    sent = []
    monkeypatch.setattr(signup, "send_after_commit", lambda _session, mail: sent.append(mail))
    made = {}
    for name in ("ina", "olaf", "stranger"):
        account = await signup.create_by_operator(session, await prepared(name=name, email=f"{name}@mail.test"))
        account.user.approved_at = None
        made[name] = account.user
    made["stranger"].confirmed_at = None
    await session.flush()
    await signup.approve(session, made["ina"].id)
    await signup.approve(session, made["ina"].id)
    await signup.reject(session, made["olaf"].id, text="We are full")
    await signup.reject(session, made["stranger"].id)
    assert [mail.to for mail in sent] == ["ina@mail.test", "olaf@mail.test"]
    assert "We are full" in sent[1].text
    with pytest.raises(NotAllowed):
        await signup.reject(session, made["ina"].id)
