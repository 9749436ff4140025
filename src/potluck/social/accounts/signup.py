"""Signing up: open, by approval, by invitation or not at all; and the first administrator by the set-up link.

What takes long (hashing, keys) is done by `prepare` before the transaction; `create` then only writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.ids import ids
from potluck.settings import current
from potluck.social import actors, gatekeeping, notifications
from potluck.social.accounts import deletion, invites, passwords, roles, tokens
from potluck.social.accounts.addresses import normalise_email
from potluck.social.accounts.email import Mail
from potluck.social.accounts.mail_texts import fill
from potluck.social.accounts.mailing import send_after_commit
from potluck.social.accounts.rate_limits import Limiter, address_key
from potluck.social.errors import Invalid, NotAllowed, NotFound
from potluck.social.keys import KeyPairs, generate
from potluck.social.model import Actor, User
from potluck.social.notifications import Notice

MAX_REASON = 1000
_APPROVED = """\
The moderators of %(title)s have let you in. Sign in here:
%(link)s"""
_REJECTED = "The moderators of %(title)s have looked at your sign-up and cannot let you in."

_by_address = Limiter(burst=5, seconds_each=360)  # five in half an hour, as Mastodon counts sign-ups


class AddressTaken(Invalid):
    """The e-mail address has an account already.

    A form must not say so to whoever asks: it shows the same page as for a fresh address, and the address gets a mail
    (`confirmations.send_taken`). APIs whose contract demands it answer `ERR_TAKEN`, within the limit of sign-ups.
    """

    def __init__(self) -> None:
        super().__init__("email", "This address is in use", "taken")


class Unreachable(Invalid):
    """No mail can be delivered to the domain of an address."""

    def __init__(self) -> None:
        super().__init__("email", "No mail can be sent to this address: is it spelt right?", "unreachable")


FindMailHosts = Callable[[str], Awaitable[Sequence[str]]]
"""Domain -> the hosts that take its mail; raises `Unreachable`."""


async def _unknown(_domain: str) -> Sequence[str]:
    return ()


_find_mail_hosts: list[FindMailHosts] = [_unknown]


def use_mail_hosts(find: FindMailHosts | None) -> None:
    """Have the mail hosts of addresses found by this function from now on; None: not at all."""
    _find_mail_hosts[0] = find or _unknown


@dataclass(frozen=True, slots=True)
class Request:
    """What someone who signs up tells us.

    Attributes:
        reason: why they want to join, where sign-ups are approved by hand.
        ip: the address they come from.
    """

    name: str
    email: str
    password: str
    reason: str = ""
    invite: str = ""
    locale: str = ""
    agreed: bool = True
    ip: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked request with all that took long to make."""

    request: Request
    email: str
    password_hash: str
    pairs: KeyPairs
    mail_hosts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A fresh login and its main actor."""

    user: User
    actor: Actor


def count_attempt(ip: str) -> None:
    """Count a sign-up from an address.

    Raises:
        TooMany: there were too many.
    """
    _by_address.take(address_key(ip), "Too many accounts were made from here. Please wait a while")


async def prepare(request: Request, *, ask_for_mail_hosts: bool = True) -> Prepared:
    """Check what can be checked without the database, hash the password, make keys.

    Args:
        request: what they tell us.
        ask_for_mail_hosts: find out whether mail can be delivered, if this server sends any; the operator, whose
            address may be known in their own network alone, is believed.

    Raises:
        Invalid: a field cannot be used.
    """
    email = normalise_email(request.email)
    passwords.check(request.password, name=request.name.strip(), email=email)
    if not request.agreed:
        raise Invalid("agreement", "Please accept the rules of this server", "accepted")
    if len(request.reason) > MAX_REASON:
        raise Invalid("reason", "At most %(most)s characters", "too_long", most=MAX_REASON)
    ask = ask_for_mail_hosts and current().check_mail_domains and bool(current().smtp_host)
    hosts = await _find_mail_hosts[0](email.rpartition("@")[2]) if ask else ()
    password_hash, pairs = await asyncio.gather(passwords.hash_password(request.password), generate())
    return Prepared(request, email, password_hash, pairs, hosts)


def is_possible() -> bool:
    """Whether people can sign up at all, perhaps with an invitation."""
    return current().sign_up != "closed"


async def create(session: AsyncSession, prepared: Prepared) -> NewAccount:
    """Sign someone up, as the settings allow. The mail to confirm the address is the caller's next step.

    Raises:
        NotAllowed: sign-ups are closed, or blocked for where they come from.
        AddressTaken: the address has an account; see there for what to show.
        gatekeeping.Blocked: the moderators take nobody with this mailbox.
        Invalid: the name is taken, the invitation is not valid, or a reason is asked for.
    """
    mode, invite = current().sign_up, None
    if prepared.request.invite and mode != "closed":
        invite = await invites.use(session, prepared.request.invite)
    elif mode == "closed":
        raise NotAllowed("This server takes no new accounts")
    elif mode == "invite":
        raise Invalid("invite", "You need an invitation to join this server", "blank")
    doubted = await gatekeeping.check_sign_up(session, prepared.email, prepared.request.ip,
                                              mail_hosts=prepared.mail_hosts)
    by_hand = doubted or (mode == "approval" and invite is None)
    if mode == "approval" and by_hand and not prepared.request.reason.strip():
        raise Invalid("reason", "Please say why you want to join", "blank")
    account = await _insert(session, prepared, role="user", approved=not by_hand, confirmed=False)
    account.user.invite_id = invite.id if invite else None
    await session.flush()
    if by_hand:
        await _tell_staff(session, account.actor)
    return account


async def create_first_admin(session: AsyncSession, prepared: Prepared, code: str) -> NewAccount:
    """Make the first administrator, the owner, through the set-up link.

    Raises:
        Invalid: the link is used up or over, or a field cannot be used.
    """
    await invites.use(session, code, role="admin")
    return await _insert(session, prepared, role=roles.OWNER, approved=True, confirmed=True)


async def create_by_operator(session: AsyncSession, prepared: Prepared, *, role: str = "user") -> NewAccount:
    """Make an account from the command line or the administration, ready to use.

    Raises:
        Invalid: a field cannot be used.
    """
    return await _insert(session, prepared, role=role, approved=True, confirmed=True)


async def _insert(session: AsyncSession, prepared: Prepared, *, role: str, approved: bool, confirmed: bool,
                  ) -> NewAccount:
    request, moment = prepared.request, now()
    name = await actors.check_name(session, request.name)
    if await session.scalar(select(User.id).where(User.email == prepared.email)):
        raise AddressTaken
    actor = await actors.create_local(session, name, pairs=prepared.pairs)
    user = User(
        id=ids.new(), actor_id=actor.id, email=prepared.email, password_hash=prepared.password_hash, role=role,
        locale=request.locale or current().language, confirmed_at=moment if confirmed else None,
        approved_at=moment if approved else None, signup_reason=request.reason.strip() or None, recovery_codes=[],
        preferences={}, created_at=moment)
    session.add(user)
    await session.flush()
    actor.owner_id = user.id
    await session.flush()
    return NewAccount(user, actor)


async def _tell_staff(session: AsyncSession, newcomer: Actor) -> None:
    staff = await session.scalars(select(User.actor_id).where(
        User.role.in_(roles.STAFF), User.disabled_at.is_(None)))
    await notifications.notify(session, [Notice(actor_id, "admin.sign_up", newcomer.id) for actor_id in staff.all()])


async def pending(session: AsyncSession, limit: int = 200) -> Sequence[tuple[User, Actor]]:
    """Sign-ups that wait for approval, oldest first. Those whose address is unconfirmed come too."""
    rows = await session.execute(select(User, Actor).join(Actor, Actor.id == User.actor_id).where(
        User.approved_at.is_(None), Actor.deleted_at.is_(None)).order_by(User.id).limit(limit))
    return rows.all()


async def approve(session: AsyncSession, user_id: int) -> User:
    """Accept a sign-up.

    Raises:
        NotFound: no such user.
    """
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound
    if user.approved_at is None:
        user.approved_at = now()
        await session.flush()
        tokens.forget_user(session, user.id)
        send_after_commit(session, Mail(user.email, fill(user.locale, "You are welcome at %(title)s",
                                                         title=current().title),
                                        fill(user.locale, _APPROVED, title=current().title, link=current().url)))
    return user


async def reject(session: AsyncSession, user_id: int, *, text: str = "") -> None:
    """Refuse a sign-up: the account is removed, and its owner gets a mail, with a reason if there is one.

    Raises:
        NotFound: no such user.
        NotAllowed: the user was let in already.
    """
    user = await session.get(User, user_id)
    if user is None:
        raise NotFound
    if user.approved_at is not None:
        raise NotAllowed("This account was let in already")
    mail = Mail(user.email, fill(user.locale, "Your sign-up at %(title)s", title=current().title),
                f"{fill(user.locale, _REJECTED, title=current().title)}\n\n{text}".strip())
    confirmed = user.confirmed_at is not None
    await deletion.delete_account(session, user)
    if confirmed:  # an address that nobody confirmed may be a stranger's
        send_after_commit(session, mail)


async def has_admin(session: AsyncSession) -> bool:
    """Whether there is an administrator."""
    return bool(await session.scalar(select(func.count()).select_from(User).where(User.role.in_(roles.ADMINS))))
