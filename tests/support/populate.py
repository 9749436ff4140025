"""Creates several accounts at once on the configured server, and prints a token of each.

What `potluck admin create-user` and `potluck admin token` do, without starting a process for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.cli.admin import ALL_SCOPES, in_transaction
from potluck.social.accounts import signup, tokens


async def create(session: AsyncSession, password: str, names: list[str]) -> list[str]:
    """Make the accounts; returns a token each."""
    prepared = await asyncio.gather(*(signup.prepare(
        signup.Request(name=name, email=f"{name}@example.org", password=password)) for name in names))
    found = []
    for request in prepared:
        account = await signup.create_by_operator(session, request)
        issued = await tokens.issue(session, account.user,
                                    [scope for scope in ALL_SCOPES.split() if not scope.startswith("admin")])
        found.append(issued.secret)
    return found


def main(arguments: Sequence[str]) -> None:
    """Arguments: the password of all, and their names."""
    password, *names = arguments
    print("\n".join(in_transaction(lambda session: create(session, password, names))))
