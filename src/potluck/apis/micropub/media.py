"""The media endpoint: files are sent first, and named in posts by their address."""

from __future__ import annotations

from potluck.apis.calls import Answer
from potluck.apis.indieauth.endpoint import Call, endpoint
from potluck.apis.indieauth.errors import invalid
from potluck.apis.micropub import files
from potluck.apis.micropub.entry import FileRef
from potluck.media import attachments
from potluck.social.model import Media


@endpoint("POST", "/micropub/media", scope="media create", files=True)
async def upload(call: Call) -> Answer:
    """Take a file (field `file`): 201 with its address in `Location`, or 202 with one to be used and asked later."""
    sent = call.params.upload("file")
    if sent is None:
        raise invalid("A file is sent as multipart/form-data, in the field file")
    path, name = sent
    [media] = await files.bring(call, [FileRef("photo", path=path, file_name=name)], purpose="linked")
    return _shown(media)


@endpoint("GET", "/micropub/media/{id:str}", scope="media create")
async def show(call: Call) -> Answer:
    """Where a file that was sent is: 201 with `Location` when it is prepared, 202 before."""
    return _shown(await attachments.one(await call.reader(), call.me, call.ident()))


def _shown(media: Media) -> Answer:
    if media.state == "failed":
        raise invalid(media.error or "This file could not be prepared")
    if media.state == "ready" and media.url:
        return Answer(b"", 201, [("location", media.url)])
    return Answer(b"", 202, [("location", files.pending_url(media))])


route_handlers = [upload, show]
"""Every endpoint."""
