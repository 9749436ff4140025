"""oEmbed of our own public posts, for pages that show them."""

from __future__ import annotations

import re

from potluck.apis.mastodon import entities, entities_status
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import not_found
from potluck.apis.params import parse_id
from potluck.social.views import ObjectView, load_objects
from potluck.text.addresses import parts_of
from potluck.text.markup import escape_attribute, escape_text

_POST = re.compile(r"/(?:@[^/]+|users/[^/]+/statuses|users/[^/]+/objects)/(\d{1,20})/?\Z")
_CACHE_SECONDS = 86400
_WIDTH = 400


@endpoint("GET", "/api/oembed")
async def show(call: Call) -> Answer:
    """The oEmbed document of a public post of this server."""
    parts = parts_of(call.params.required("url"))
    match = _POST.search(parts.path) if parts.netloc.lower() in (call.settings.host, call.settings.domain) else None
    wanted = parse_id(match.group(1)) if match else None
    view = (await load_objects(await call.reader(), [wanted], None)).get(wanted) if wanted else None
    if view is None or not view.object.local:
        raise not_found()
    author = view.author.display_name or view.author.name
    width = min(call.params.whole("maxwidth") or _WIDTH, 1200)
    return answer({
        "type": "rich", "version": "1.0", "author_name": author, "author_url": entities.actor_url(view.author),
        "provider_name": call.settings.title, "provider_url": f"{call.settings.url}/", "cache_age": _CACHE_SECONDS,
        "html": _html(view, author), "width": max(width, 1), "height": None})


def _html(view: ObjectView, author: str) -> str:
    """The post as a quotation: nothing in it runs or is loaded."""
    url = entities_status.status_url(view)
    warning = view.object.summary if view.object.kind == "note" else ""
    body = f"<p>{escape_text(warning)}</p>" if warning else entities_status.content_of(view)
    return (f'<blockquote cite="{escape_attribute(url)}">{body}<p><a href="{escape_attribute(url)}">'
            f"{escape_text(author)} (@{escape_text(view.author.name)})</a></p></blockquote>")


route_handlers = [show]
