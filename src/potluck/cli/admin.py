"""`potluck admin`: accounts, tokens and policies from the command line."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import setting_values
from potluck.assembly import federation, install
from potluck.db.engine import Database
from potluck.db.migrate import upgrade
from potluck.db.nodes import NodeLease
from potluck.settings import current
from potluck.social import actors, audit, domain_policies, keys, moving, strikes
from potluck.social.accounts import mailing, passwords, roles, signup, tokens
from potluck.social.errors import SocialError
from potluck.social.model import Actor, User

T = TypeVar("T")

ALL_SCOPES = "profile read write follow push admin:read admin:write"


def in_transaction(act: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run `act` in one transaction of the configured database; a refusal is shown as the command's error."""

    async def run() -> T:
        install()
        db = Database(current(), pool_size=1)
        try:
            await upgrade(db)
            async with NodeLease(db, "command"), db.write() as session:
                return await act(session)
        finally:
            await mailing.sent()
            await db.close()

    try:
        return asyncio.run(run())
    except SocialError as error:
        raise click.ClickException(error.text) from error


async def user_named(session: AsyncSession, name: str) -> tuple[User, Actor]:
    """The login with this account name.

    Raises:
        click.ClickException: there is none.
    """
    row = (await session.execute(select(User, Actor).join(Actor, Actor.id == User.actor_id).where(
        Actor.handle == name.lower().lstrip("@")))).one_or_none()
    if row is None:
        raise click.ClickException(f"there is no account named {name}")
    return row[0], row[1]


@click.group()
def admin() -> None:
    """Administer accounts and servers."""


@admin.command("create-user")
@click.argument("name")
@click.option("--email", required=True, help="E-mail address; counts as confirmed.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input (one line).")
@click.option("--admin", "is_admin", is_flag=True, help="Make it an administrator.")
def create_user(name: str, email: str, password_stdin: bool, is_admin: bool) -> None:
    """Create the account NAME, ready to use. Without --password-stdin a password is made and printed."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(15)

    async def act(session: AsyncSession) -> signup.NewAccount:
        prepared = await signup.prepare(signup.Request(name=name, email=email, password=password))
        return await signup.create_by_operator(session, prepared, role="admin" if is_admin else "user")

    made = in_transaction(act)
    click.echo(f"Created @{made.actor.name}@{current().domain}")
    if not password_stdin:
        click.echo(f"Password: {password}")


@admin.command("token")
@click.argument("name")
@click.option("--scopes", default=ALL_SCOPES, show_default=True, help="Space-separated scopes.")
def token(name: str, scopes: str) -> None:
    """Print a new API token for the account NAME."""

    async def act(session: AsyncSession) -> str:
        user, _ = await user_named(session, name)
        wanted = scopes.split()
        if user.role == "user":
            wanted = [scope for scope in wanted if not scope.startswith("admin:")]
        return (await tokens.issue(session, user, wanted, name="command line")).secret

    click.echo(in_transaction(act))


@admin.command("reset-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the new password from standard input (one line).")
def reset_password(name: str, password_stdin: bool) -> None:
    """Give the account NAME a new password and sign it out everywhere."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(15)

    async def act(session: AsyncSession) -> None:
        user, _ = await user_named(session, name)
        await passwords.replace(session, user, password)

    in_transaction(act)
    click.echo(f"The password of {name} is changed." if password_stdin else f"Password: {password}")


@admin.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice(roles.ALL))
def role(name: str, role: str) -> None:
    """Make the account NAME a user, moderator, admin or owner."""

    async def act(session: AsyncSession) -> None:
        user, _ = await user_named(session, name)
        user.role = role
        tokens.forget_user(session, user.id)

    in_transaction(act)
    click.echo(f"{name} is {role} now.")


@admin.command("quota")
@click.argument("name")
@click.argument("size")
def quota(name: str, size: str) -> None:
    """Let the files of the account NAME take SIZE (such as 50G; 0 for no limit), or `default` for the usual quota."""
    try:
        wanted = None if size == "default" else setting_values.size(size)
    except ValueError as error:
        raise click.ClickException(str(error)) from error

    async def act(session: AsyncSession) -> None:
        user, _ = await user_named(session, name)
        user.media_quota = wanted
        await audit.record(session, None, "set_quota", name, {"size": size})

    in_transaction(act)
    click.echo(f"The quota of {name} is {size}.")


async def resolved(handle: str) -> int:
    """The id of the actor with this handle, fetched afresh when it lives elsewhere.

    Raises:
        click.ClickException: it cannot be found.
    """
    install()
    db = Database(current(), pool_size=2)
    try:
        await upgrade(db)
        async with NodeLease(db, "command"), federation(db, current()) as wire:
            found = await wire.actor_by_handle(handle.lstrip("@"))
            if found is not None and not found.is_local:
                found = await wire.actor_by_uri(found.uri, refresh=True)
    finally:
        await db.close()
    if found is None:
        raise click.ClickException(f"{handle} cannot be found")
    return found.id


@admin.command("alias")
@click.argument("name")
@click.argument("other")
def alias(name: str, other: str) -> None:
    """Say that OTHER (@name@host) is the same person as the account NAME: the condition for moving from OTHER here."""
    other_id = asyncio.run(resolved(other))

    async def act(session: AsyncSession) -> None:
        _, actor = await user_named(session, name)
        await actors.add_alias(session, actor, (await session.get_one(Actor, other_id)).uri)

    in_transaction(act)
    click.echo(f"{other} is an alias of {name} now.")


@admin.command("move")
@click.argument("name")
@click.argument("target")
def move(name: str, target: str) -> None:
    """Move the account NAME to TARGET (@name@host): its followers are asked to follow TARGET instead."""
    target_id = asyncio.run(resolved(target))

    async def act(session: AsyncSession) -> None:
        _, actor = await user_named(session, name)
        await moving.mark_moved(session, actor, await session.get_one(Actor, target_id))

    in_transaction(act)
    click.echo(f"{name} has moved to {target}.")


@admin.command("delete-user")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--text", default="", help="Reason, for the person to read.")
@click.option("--no-mail", is_flag=True, help="Send no mail.")
def delete_user(name: str, yes: bool, text: str, no_mail: bool) -> None:
    """Delete the account NAME with all it said, here and (by telling them) elsewhere."""
    if not yes:
        click.confirm(f"Delete {name} and everything they said? This cannot be undone", abort=True)

    async def act(session: AsyncSession) -> None:
        _, actor = await user_named(session, name)
        await strikes.take(session, None, actor, strikes.Measure(strikes.DELETE, text, tell=not no_mail))

    in_transaction(act)
    click.echo(f"{name} is deleted.")


def _measure(name: str, action: str, doc: str, done: str, *, liftable: bool = True) -> None:
    """A command for a measure against an account; it is taken as a moderator's is: written down, told, appealable."""

    def run(handle: str, text: str, no_mail: bool, undo: bool = False) -> None:
        async def act(session: AsyncSession) -> None:
            actor = await actors.by_handle(session, handle)
            if actor is None:
                raise click.ClickException(f"{handle} is not known here")
            if undo:
                await strikes.lift(session, None, actor, action)
            else:
                await strikes.take(session, None, actor, strikes.Measure(action, text, tell=not no_mail))

        in_transaction(act)
        click.echo(f"{handle} is {'free of that' if undo else done}.")

    run.__doc__ = doc
    command = admin.command(name)(run)
    command.params += [
        click.Argument(["handle"]), click.Option(["--text"], default="", help="Reason, for the person to read."),
        click.Option(["--no-mail"], is_flag=True, help="Send no mail; the person is told on the site.")]
    if liftable:
        command.params.append(click.Option(["--undo"], is_flag=True, help="Lift it."))


_measure("suspend", strikes.SUSPEND, "Suspend the account HANDLE (local or remote): nobody sees it or its posts.",
         "suspended")
_measure("limit", strikes.SILENCE, "Limit the account HANDLE (local or remote): only followers come across it.",
         "limited")
_measure("freeze", strikes.DISABLE, "Freeze the account HANDLE: it is signed out and cannot sign in.", "frozen")
_measure("hide-media", strikes.SENSITIVE, "Hide all media of the account HANDLE behind a click.",
         "shown with its media hidden")
_measure("warn", strikes.NONE, "Warn the account HANDLE.", "warned", liftable=False)


@admin.command("domain")
@click.argument("severity", type=click.Choice([*domain_policies.SEVERITIES, "clear"]))
@click.argument("domain")
@click.option("--public-comment", default="", help="Shown on the about page.")
@click.option("--private-comment", default="", help="For moderators.")
def domain(severity: str, domain: str, public_comment: str, private_comment: str) -> None:
    """Set the policy towards DOMAIN and its subdomains, or clear it."""

    async def act(session: AsyncSession) -> None:
        if severity == "clear":
            await domain_policies.remove(session, domain)
        else:
            await domain_policies.set_policy(session, domain, severity=severity, public_comment=public_comment,
                                             private_comment=private_comment)
        await audit.record(session, None, "set_domain_policy", domain, {"severity": severity})

    in_transaction(act)
    click.echo(f"{domain}: {severity}")


@admin.command("rotate-keys")
@click.argument("name")
def rotate_keys(name: str) -> None:
    """Give the actor NAME new signing keys; the change is announced signed by the old one."""

    async def act(session: AsyncSession) -> None:
        _, actor = await user_named(session, name)
        await keys.rotate(session, actor)

    in_transaction(act)
    click.echo(f"{name} has new keys.")
