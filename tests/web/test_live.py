"""Live events: what is drawn for whom."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from potluck.kinds.link import actions as links
from potluck.kinds.link.actions import LinkRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import blocks, keys
from potluck.social.communities import making
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor
from potluck.web import live
from web.conftest import Browser, Site


class Listener:
    """An open stream, driven below HTTP: the test client gives an answer only once it has ended."""

    def __init__(self, browser: Browser, stream: str) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self._left = asyncio.Event()
        cookies = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
        self._scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/events",
            "raw_path": b"/events", "root_path": "", "scheme": "https", "query_string": f"stream={stream}".encode(),
            "headers": [(b"host", b"potluck.test"), (b"cookie", cookies.encode())], "client": ("127.0.0.1", 1),
            "server": ("potluck.test", 443), "state": {},
        }

    async def run(self, app: object) -> None:
        await app(self._scope, self._receive, self._send)  # type: ignore[operator]

    async def _receive(self) -> dict[str, object]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            await self.queue.put(bytes(message["body"]).decode())  # type: ignore[call-overload]

    def leave(self) -> None:
        self._left.set()

    async def next(self) -> str:
        """The next event, passing over comments."""
        async with asyncio.timeout(8):
            while True:
                chunk = await self.queue.get()
                if chunk.startswith("event:"):
                    return chunk

    async def silence(self) -> None:
        """Nothing comes for a while."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.7):
                while not (await self.queue.get()).startswith("event:"):
                    pass


@pytest.fixture
async def listen(site: Site) -> AsyncIterator[object]:
    """Opens streams; they end with the test."""
    tasks: list[asyncio.Task[None]] = []
    listeners: list[Listener] = []

    async def start(browser: Browser, stream: str) -> Listener:
        made = Listener(browser, stream)
        listeners.append(made)
        tasks.append(asyncio.create_task(made.run(site.app)))
        async with asyncio.timeout(8):
            assert (await made.queue.get()).startswith("retry:")
        return made

    yield start
    for listener in listeners:
        listener.leave()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_home_gets_cards(site: Site, listen) -> None:
    """A follower's open home page gets the card of a new post."""
    stream = await listen(await site.browser(site.cast.bob), "home")
    row = await site.cast.say(site.cast.alice, "<p>fresh</p>", visibility="followers")
    event = await stream.next()
    assert event.startswith("event: update\ndata: ")
    assert "fresh" in event
    assert f"post-{row.id}" in event


async def test_private_posts_reach_no_public_stream(site: Site, listen) -> None:
    """Guests at the local timeline hear of public posts only, and not of replies."""
    stream = await listen(site.guest(), "public:local")
    for visibility in ("unlisted", "followers", "direct", "local"):
        await site.cast.say(site.cast.alice, "<p>hush</p>", visibility=visibility)
    row = await site.cast.say(site.cast.alice, "<p>for all</p>")
    assert "for all" in await stream.next()
    await site.cast.reply(site.cast.bob, row, "<p>a reply</p>")
    await stream.silence()


async def test_blocked_people_stay_away(site: Site, listen) -> None:
    """Whom Alice blocked is not on her public stream."""
    stream = await listen(await site.browser(site.cast.alice), "public")
    await site.cast.say(site.cast.dave, "<p>look at me</p>")
    await stream.silence()


async def test_notifications_come_on_every_stream(site: Site, listen) -> None:
    """Whatever page is open, a notification is told to its reader, and to nobody else."""
    row = await site.cast.say(site.cast.alice, "<p>my loaf</p>")
    alice = await listen(await site.browser(site.cast.alice), "public:local")
    eve = await listen(await site.browser(site.cast.eve), "notifications")
    await (await site.browser(site.cast.bob)).post(f"/posts/{row.id}/favourite")
    events = [await alice.next()]
    if "event: notification" not in events[0]:
        events.append(await alice.next())
    assert any("liked your post" in event for event in events)
    await eve.silence()


async def test_deletion_is_told(site: Site, listen) -> None:
    """A deleted post leaves open pages."""
    row = await site.cast.say(site.cast.alice, "<p>oops</p>")
    stream = await listen(await site.browser(site.cast.bob), "home")
    await (await site.browser(site.cast.alice)).post(f"/posts/{row.id}/delete")
    event = await stream.next()
    while event.startswith("event: update"):  # of the post itself, if it was told only now
        event = await stream.next()
    assert event == f"event: delete\ndata: {row.id}\n\n"


def test_events_have_one_data_line_for_each_line() -> None:
    """The text/event-stream form: lines of HTML stay lines."""
    assert live.sse("update", "a\nb") == "event: update\ndata: a\ndata: b\n\n"


async def test_a_discussion_learns_of_new_comments(site: Site, listen) -> None:
    """Of that post and no other, and not of what the reader may not or does not want to see."""
    cast = site.cast
    async with site.database.write() as session:
        alice = await session.get_one(Actor, cast.alice.id)
        group = await making.create(session, alice, "soups", Wishes("Soups"), pairs=keys.make_pairs())
        row, other = [await links.compose(session, alice, LinkRequest(group.id, title)) for title in ("One", "Two")]
        await blocks.mute(session, cast.eve, cast.mona)
    streams = [await listen(browser, f"discussion:{row.id}") for browser in (
        site.guest(), await site.browser(cast.eve))]

    async def say(author: Actor, parent: int, text: str) -> int:
        async with site.database.write() as session:
            made = await notes.compose(session, await session.get_one(Actor, author.id), NoteRequest(
                text, in_reply_to_id=parent))
            return int(made.id)

    await say(cast.bob, other.id, "Elsewhere")
    muted = await say(cast.mona, row.id, "Hm")
    first = await say(cast.bob, row.id, "Here")
    guest, eve = streams
    assert await guest.next() == f"event: comment\ndata: {muted}\n\n"
    assert await guest.next() == f"event: comment\ndata: {first}\n\n"
    heard = await eve.next()
    while "event: comment" not in heard:
        heard = await eve.next()
    assert heard == f"event: comment\ndata: {first}\n\n"


async def test_a_discussion_of_members_is_for_members(site: Site) -> None:
    """Others are told that there is no such stream."""
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        group = await making.create(session, alice, "pantry", Wishes("Pantry", visibility="private"),
                                    pairs=keys.make_pairs())
        row = await links.compose(session, alice, LinkRequest(group.id, "Secret"))
    for browser in (site.guest(), await site.browser(site.cast.bob)):
        for word in (row.id, "²", "x", "9" * 17):
            assert (await browser.get(f"/events?stream=discussion:{word}")).status_code in {404, 303}, word
