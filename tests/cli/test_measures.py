"""Measures from the command line: the same as a moderator's, written down, told and appealable."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from potluck.cli.admin import admin
from potluck.social.accounts import email
from potluck.social.model import Actor, AuditEntry, Notification, Strike, User
from support.cast import Cast


async def command(*arguments: str) -> str:
    """What a command says."""
    found = await asyncio.to_thread(CliRunner().invoke, admin, list(arguments))
    assert found.exit_code == 0, found.output
    return found.output


async def rows(cast: Cast, model: Any) -> list[Any]:
    async with cast.database.read() as session:
        return list((await session.scalars(select(model).order_by(model.id))).all())


async def test_measures_are_strikes(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each leaves a strike without moderator, a line in the log, a notification, and a mail unless it is not wanted."""
    sent: list[str] = []

    async def keep(mail: email.Mail) -> None:
        sent.append(mail.text)

    monkeypatch.setattr("potluck.social.accounts.mailing.send", keep)
    assert "suspended" in await command("suspend", "bob", "--text", "Too much soup")
    await command("limit", "bob", "--no-mail")
    await command("warn", "bob", "--no-mail")
    await command("hide-media", "bob", "--no-mail")
    await command("freeze", "bob", "--no-mail")
    async with cast.database.read() as session:
        bob = await session.get_one(Actor, cast.bob.id)
        user = await session.get_one(User, cast.bob.owner_id)
    assert all((bob.suspended_at, bob.silenced_at, bob.sensitized_at, user.disabled_at))
    strikes = await rows(cast, Strike)
    assert [(row.action, row.user_id) for row in strikes] == [
        (action, None) for action in ("suspend", "silence", "none", "sensitive", "disable")]
    assert len([row for row in await rows(cast, Notification) if row.type == "moderation_warning"]) == 5
    assert len(sent) == 1
    assert f"/strikes/{strikes[0].id}" in sent[0]
    assert "Too much soup" in sent[0]
    for name in ("suspend", "limit", "hide-media", "freeze"):
        assert "free of that" in await command(name, "bob", "--undo")
    assert (await cast.again(cast.bob)).suspended_at is None
    assert [row.action for row in await rows(cast, AuditEntry)][-4:] == [
        "lift_suspend", "lift_silence", "lift_sensitive", "lift_disable"]


async def test_of_other_servers_and_for_good(cast: Cast) -> None:
    """A remote account is suspended without mail; a deleted one leaves the strike that says so."""
    await command("suspend", f"@carol@{cast.carol.host}")
    assert (await cast.again(cast.carol)).suspended_at is not None
    await command("delete-user", "bob", "--yes", "--no-mail")
    assert [row.action for row in await rows(cast, Strike)] == ["suspend", "delete"]
    found = await asyncio.to_thread(CliRunner().invoke, admin, ["suspend", "nobody"])
    assert (found.exit_code, "not known here" in found.output) == (1, True)
