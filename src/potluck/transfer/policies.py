"""Taking a shared list of blocked servers over, in the background: each server is a step of its own."""

from __future__ import annotations

from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from potluck import jobs
from potluck.social import audit, policy_lists
from potluck.social.errors import SocialError
from potluck.social.policy_lists import Entry

NAME = "import_domain_policies"


@jobs.define(NAME, queue="general", label="Taking over a list of servers")
async def take_over(job: jobs.Job, text: str, user_id: int, overwrite: bool) -> None:
    """Set the policy for each entry of a list."""
    entries = policy_lists.read(text).entries
    for number, entry in enumerate(entries):
        job.report(number / len(entries), "Server %(number)s of %(total)s", number=number + 1, total=len(entries))
        await job.step_in(entry.domain, partial(_take, entry=entry, overwrite=overwrite))
    await job.step_in("written down", partial(_write_down, user_id=user_id, number=len(entries)))


async def _take(session: AsyncSession, *, entry: Entry, overwrite: bool) -> bool:
    try:
        return await policy_lists.apply(session, entry, overwrite=overwrite)
    except SocialError:  # looked at before; another moderator may have changed something meanwhile
        return False


async def _write_down(session: AsyncSession, *, user_id: int, number: int) -> None:
    await audit.record(session, user_id, "set_domain_policy_list", f"{number} servers")
