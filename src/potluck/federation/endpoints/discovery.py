"""How others find us: WebFinger, host-meta, NodeInfo (protocol §8). Open to all, also in secure mode."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from litestar import Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import __version__, facades
from potluck.db.base import now
from potluck.federation import groups, strictjson
from potluck.federation.endpoints.negotiate import Answer, AnyRequest, federation_of
from potluck.federation.vocabulary import AS_JSON, LD_JSON
from potluck.handlers import get
from potluck.settings import Settings, current
from potluck.social import addresses
from potluck.social.model import Actor, User

_PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
_SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
_INTENTS = "https://w3id.org/fep/3b86/"
_NODEINFO = "http://nodeinfo.diaspora.software/ns/schema/"
_OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=600"}
_COUNT_SECONDS = 600.0


def _json(document: Any, media_type: str, status: int = 200) -> Answer:
    return Response(strictjson.dump(document), status_code=status, media_type=media_type, headers=_OPEN)


def handle_in(resource: str, settings: Settings) -> str | None:
    """The local name a WebFinger resource stands for, None when it is nobody here.

    Forms seen: `acct:u@d`, `u@d`, `@u@d`, actor id, profile page, the bare origin (the server itself).
    """
    text = resource.strip()
    if text.startswith(("https://", "http://")):
        return _name_in_url(text.rstrip("/"), settings)
    name, _, host = text.removeprefix("acct:").lstrip("@").partition("@")
    ours = {settings.domain.lower(), settings.host.lower()}
    return name.lower() if name and host.lower().rstrip(".") in ours else None


def _name_in_url(url: str, settings: Settings) -> str | None:
    if url in (settings.url, addresses.instance_actor_uri()):
        return settings.domain
    for prefix in (f"{settings.url}/users/", f"{settings.url}/@"):
        rest = url.removeprefix(prefix)
        if rest != url and rest and "/" not in rest:
            return unquote(rest).lower()
    return None


@get("/.well-known/webfinger")
async def webfinger(request: AnyRequest) -> Answer:
    """Who an address stands for."""
    resource = request.query_params.get("resource", "")
    if not resource or len(resource) > 2048:
        return _json({"error": "The parameter resource is missing or unusable"}, "application/json", 400)
    settings = current()
    name = handle_in(resource, settings)
    if name is None:
        return _json({"error": "Not found"}, "application/json", 404)
    if name in (settings.domain.lower(), settings.host.lower()):
        name = settings.domain
    async with federation_of(request).db.read() as session:
        actor = await session.scalar(select(Actor).where(Actor.handle == name, Actor.host == ""))
    if actor is None or groups.is_local_only(actor):
        return _json({"error": "Not found"}, "application/json", 404)
    if actor.deleted_at is not None:
        return _json({"error": "Gone"}, "application/json", 410)
    return _json(descriptor(actor, settings), "application/jrd+json")


def descriptor(actor: Actor, settings: Settings) -> dict[str, Any]:
    """The JRD of a local actor."""
    page = actor.url or addresses.profile_url(actor.name)
    links: list[dict[str, Any]] = [
        {"rel": "self", "type": AS_JSON, "href": actor.uri},
        {"rel": "self", "type": LD_JSON, "href": actor.uri},
        {"rel": _PROFILE_PAGE, "type": "text/html", "href": page},
        {"rel": _SUBSCRIBE, "template": f"{settings.url}/authorize_interaction?uri={{uri}}"},
        {"rel": f"{_INTENTS}Object", "template": f"{settings.url}/authorize_interaction?uri={{object}}"},
        {"rel": f"{_INTENTS}Create", "template": f"{settings.url}/share?text={{content}}"},
    ]
    if actor.avatar_url:
        links.append({"rel": "http://webfinger.net/rel/avatar", "href": actor.avatar_url})
    return {"subject": f"acct:{actor.name}@{settings.domain}", "aliases": list(dict.fromkeys([page, actor.uri])),
            "links": links}


@get("/.well-known/host-meta")
async def host_meta() -> Response[bytes]:
    """Where WebFinger is, in XRD (older clients ask here first)."""
    template = escape(f"{current().url}/.well-known/webfinger?resource={{uri}}")
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
            f'  <Link rel="lrdd" type="application/jrd+json" template="{template}"/>\n</XRD>\n')
    return Response(body.encode(), media_type="application/xrd+xml", headers=_OPEN)


@get("/.well-known/nodeinfo")
async def nodeinfo_links(request: AnyRequest) -> Answer:
    """Where NodeInfo is, and the Application that this server is (FEP-2677)."""
    facade = facades.of_host(request.headers.get("host", ""))
    if facade is not None:
        return _json({"links": [{"rel": f"{_NODEINFO}{version}", "href": facade.url + path}
                                for version, path in facade.nodeinfo]}, "application/json")
    base = current().url
    return _json({"links": [
        {"rel": f"{_NODEINFO}2.0", "href": f"{base}/nodeinfo/2.0"},
        {"rel": f"{_NODEINFO}2.1", "href": f"{base}/nodeinfo/2.1"},
        {"rel": "https://www.w3.org/ns/activitystreams#Application", "href": addresses.instance_actor_uri()},
    ]}, "application/json")


@get("/nodeinfo/{version:str}")
async def nodeinfo(request: AnyRequest, version: str) -> Answer:
    """What this server runs and how big it is; on a facade host, what it stands for there."""
    version = version.removesuffix(".json")
    if version not in ("2.0", "2.1"):
        return _json({"error": "Not found"}, "application/json", 404)
    settings = current()
    facade = facades.of_host(request.headers.get("host", ""))
    counts = await _counts(request)
    document = {
        "version": version, "software": _software(version, facade), "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []}, "openRegistrations": settings.sign_up in ("open", "approval"),
        "usage": {"users": {"total": counts["total"], "activeMonth": counts["month"],
                            "activeHalfyear": counts["halfyear"]},
                  "localPosts": counts["posts"], "localComments": 0},
        "metadata": {"nodeName": settings.title, "nodeDescription": settings.description,
                     **({} if facade else {"upstream": {"name": "mastodon"}})},
    }
    return _json(document, f'application/json; profile="{_NODEINFO}{version}#"')


def _software(version: str, facade: facades.Facade | None) -> dict[str, str]:
    if facade is not None:
        return {"name": facade.software, "version": facade.version}
    found = {"name": "potluck", "version": __version__}
    if version == "2.1":
        found["homepage"] = current().url
        if current().source_url:
            found["repository"] = current().source_url
    return found


async def _counts(request: AnyRequest) -> dict[str, int]:
    """Sizes, counted every ten minutes."""
    state: Any = request.app.state
    known = getattr(state, "nodeinfo_counts", None)
    if known is not None and known[0] > time.monotonic():
        return dict(known[1])
    async with federation_of(request).db.read() as session:
        counts = await count(session)
    state.nodeinfo_counts = (time.monotonic() + _COUNT_SECONDS, counts)
    return counts


async def count(session: AsyncSession) -> dict[str, int]:
    """People and posts of this server."""
    moment = now()
    total, month, halfyear = (await session.execute(select(
        func.count(), func.count().filter(User.last_active_at > moment - timedelta(days=30)),
        func.count().filter(User.last_active_at > moment - timedelta(days=180)),
    ).where(User.disabled_at.is_(None)))).one()
    posts = await session.scalar(select(func.sum(Actor.posts_count)).where(Actor.host == ""))
    return {"total": total, "month": month, "halfyear": halfyear, "posts": int(posts or 0)}



route_handlers = [webfinger, host_meta, nodeinfo_links, nodeinfo]
