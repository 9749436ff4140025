"""Annual reports: this server makes none, and says so."""

from __future__ import annotations

from potluck.apis.mastodon.endpoint import EMPTY, Answer, Call, answer, endpoint, json_list
from potluck.apis.mastodon.errors import not_found


@endpoint("GET", "/api/v1/annual_reports", scope="read:accounts")
async def all_(_: Call) -> Answer:
    """None."""
    return json_list([])


@endpoint("GET", "/api/v1/annual_reports/{year:str}", scope="read:accounts")
async def show(_: Call) -> Answer:
    """There is none of any year."""
    raise not_found()


@endpoint("GET", "/api/v1/annual_reports/{year:str}/state", scope="read:accounts")
async def state(_: Call) -> Answer:
    """No report can be made."""
    return answer({"state": "ineligible"})


@endpoint("POST", "/api/v1/annual_reports/{year:str}/read", scope="write:accounts")
async def read(_: Call) -> Answer:
    """Nothing to be marked as read."""
    return Answer(EMPTY)


@endpoint("POST", "/api/v1/annual_reports/{year:str}/generate", scope="write:accounts")
async def generate(_: Call) -> Answer:
    """No report can be made."""
    raise not_found()


route_handlers = [all_, show, state, read, generate]
