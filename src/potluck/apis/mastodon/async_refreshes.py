"""Work that goes on in the background: how far the missing replies of a conversation have been fetched."""

from __future__ import annotations

from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import not_found
from potluck.social import thread_fetches
from potluck.social.model import Object, ThreadFetch
from potluck.social.reactions import visible_object

HEADER = "Mastodon-Async-Refresh"
_RETRY_SECONDS = 3


def header(fetch: ThreadFetch) -> dict[str, str]:
    """The header by which an answer says that it will be more complete later."""
    return {HEADER: f'id="{fetch.id}", retry={_RETRY_SECONDS}, result_count={fetch.found}'}


async def missing(call: Call, row: Object) -> dict[str, str]:
    """Have the missing parts of a conversation fetched, if that is worthwhile; the header if they are on their way."""
    session = await call.reader()
    fetch = await thread_fetches.current(session, row)
    if fetch is None and await thread_fetches.is_worthwhile(session, row):
        async with call.write() as writer:
            fetch = await thread_fetches.begin(writer, row)
    return header(fetch) if fetch is not None else {}


@endpoint("GET", "/api/v1_alpha/async_refreshes/{id:str}", scope="read")
async def show(call: Call) -> Answer:
    """Whether work in the background still goes on, and how much it found."""
    session = await call.reader()
    fetch = await thread_fetches.by_id(session, call.ident())
    if fetch is None:
        raise not_found()
    await visible_object(session, call.me, fetch.object_id)
    return answer({"async_refresh": {
        "id": str(fetch.id), "status": "running" if thread_fetches.is_running(fetch) else "finished",
        "result_count": fetch.found}})


route_handlers = [show]
