"""`potluck admin`: accounts, tokens and policies from the command line."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.assembly import install
from potluck.db.engine import Database
from potluck.db.migrate import upgrade
from potluck.db.nodes import NodeLease
from potluck.settings import current
from potluck.social import actors
from potluck.social.accounts import passwords, signup, tokens
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
@click.argument("role", type=click.Choice(["user", "moderator", "admin"]))
def role(name: str, role: str) -> None:
    """Make the account NAME a user, moderator or admin."""

    async def act(session: AsyncSession) -> None:
        user, _ = await user_named(session, name)
        user.role = role
        tokens.forget_user(session, user.id)

    in_transaction(act)
    click.echo(f"{name} is {role} now.")


async def actor_named(session: AsyncSession, handle: str) -> Actor:
    """A known actor by handle.

    Raises:
        click.ClickException: there is none.
    """
    found = await actors.by_handle(session, handle)
    if found is None:
        raise click.ClickException(f"{handle} is not known here")
    return found


def option_yes(command: Any) -> Any:
    """Add `--yes`, which answers the question whether one is sure."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)
