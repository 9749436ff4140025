"""Lists that are truthfully empty, because this server has no such thing yet.

Apps ask for them on start and show an error where there is none.
"""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from potluck.apis.mastodon.endpoint import Answer, Call, Who, endpoint, json_list


def _empty(path: str, scope: str, what: str, who: Who = "user") -> HTTPRouteHandler:
    async def run(_: Call) -> Answer:
        return json_list([])

    run.__name__ = path.rpartition("/")[2]
    run.__doc__ = f"{what}: none."
    return endpoint("GET", path, scope=scope, who=who)(run)


route_handlers = [
    _empty("/api/v1/annual_reports", "read:accounts", "Annual reports"),
    _empty("/api/v1/instance/languages", "", "Languages for translation", "anyone"),
]
