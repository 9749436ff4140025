"""The one address for writing: an entry to be created, or an update, deletion or restoration of one."""

from __future__ import annotations

from potluck.apis.calls import Answer
from potluck.apis.indieauth.endpoint import Call, endpoint
from potluck.apis.indieauth.errors import invalid
from potluck.apis.micropub import changing, entry, finding, making, removing
from potluck.apis.micropub.making import Made

_DONE = Answer(b"", 204)


@endpoint("POST", "/micropub", scope="create draft update delete undelete", files=True)
async def post(call: Call) -> Answer:
    """Create an entry (201, or 202 while its files are prepared), or `update`, `delete`, `undelete` one (204 or 201).

    `Location` says where what is new is; an update or restoration answers 201 where that address has changed.
    """
    params = call.params
    if "access_token" in params and call.request.headers.get("authorization"):
        raise invalid("The access token stands in the header or in the body, not in both")
    action = params.text("action") or "create"
    if action == "create":
        return await _create(call)
    if action not in ("update", "delete", "undelete"):
        raise invalid(f"There is no action {action[:40]}")
    if not params.text("url"):
        raise invalid("Missing parameter: url")
    if action == "delete":
        await removing.remove(call)
        return _DONE
    url = finding.canonical(call.site, params.text("url"))
    made = await (changing.update(call) if action == "update" else removing.bring_back(call))
    return _DONE if made.url == url else _created(made)


async def _create(call: Call) -> Answer:
    call.need("create", "draft")
    wanted = entry.read(call.params, as_json=is_json(call))
    as_draft = entry.status(wanted) == "draft" or not call.may("create")
    return _created(await making.make(call, wanted, as_draft=as_draft))


def _created(made: Made) -> Answer:
    return Answer(b"", 202 if made.waits else 201, [("location", made.url)])


def is_json(call: Call) -> bool:
    """Whether a call's body is JSON."""
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


route_handlers = [post]
"""Every endpoint."""
