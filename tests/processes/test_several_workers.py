"""Several web processes on one machine."""

from __future__ import annotations

import aiohttp

from support.servers import server


async def test_streams_do_not_hold_up_the_end() -> None:
    """Both answer; asked to stop they end what they stream, and nobody has to be killed."""
    async with server(web_workers="2") as place, aiohttp.ClientSession() as client:
        [ann] = await place.people("ann")
        answers = [await client.get(f"{place.url}/api/v1/streaming/user",
                                    headers={"Authorization": f"Bearer {ann.token}"}) for _ in range(6)]
        assert [await answer.content.readline() for answer in answers] == [b":thump\n"] * 6
        assert (await ann.get("/api/v1/accounts/verify_credentials"))["username"] == "ann"
        await place.stop()
        assert [await answer.content.read() for answer in answers] == [b"\n"] * 6
        assert "Killing" not in place.log()
