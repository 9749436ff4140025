"""`/media/…`: stored files under the address that rows and documents hold."""

from __future__ import annotations

from litestar.types import Send

from potluck.media.endpoints.front import Answerer, reading_only
from potluck.media.endpoints.sending import Sender
from potluck.media.endpoints.wire import Asked
from potluck.media.storage import PATH


def answerer(sender: Sender) -> Answerer:
    """What answers below `/media/`."""

    async def serve(asked: Asked, send: Send) -> None:
        await sender.send(asked, send, asked.path.removeprefix(PATH))

    return reading_only(serve)
