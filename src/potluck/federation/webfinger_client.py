"""Handles to actors by WebFinger, with host-meta, canonical subjects and split domains (protocol §8)."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from potluck.federation.documents import is_activity_type
from potluck.federation.errors import FetchError, Gone, InvalidAnswer, InvalidUri, Timeout, Unreachable
from potluck.federation.fetch import Response, SafeClient
from potluck.federation.urls import check_uri, is_uri, normalise_authority
from potluck.federation.vocabulary import as_list
from potluck.federation.well_known import get_well_known

_ACCEPT = "application/jrd+json, application/json"
_ACCEPT_XRD = "application/xrd+xml, application/xml, text/xml"
_MAX_BYTES = 100_000
_SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"

# Mastodon, Misskey, Lemmy (Arabic and Cyrillic names) and instance actors named as their domain (protocol
# §8).
_HANDLE = re.compile(r"(?:acct:)?[@!]?(\w(?:[\w.-]{0,126}\w)?)@([^@/?#\s]{1,260})", re.IGNORECASE)
_XRD_LINK = re.compile(r"<(?:\w{1,20}:)?Link\b([^<>]{1,4000})>")
_ATTRIBUTE = re.compile(r"""(\w{1,20})\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class Discovered:
    """What WebFinger says of a handle.

    Attributes:
        subject: the canonical handle, `user@host`; the host is normalised.
        actor_uri: id of the actor.
        subscribe_template: where a person can follow from their own server, with `{uri}` in it.
    """

    subject: str
    actor_uri: str
    subscribe_template: str | None


def parse_handle(text: str) -> tuple[str, str]:
    """User and normalised host of `user@host`, `@user@host`, `acct:user@host`, or of a community as `!name@host`.

    Raises:
        InvalidUri: not a handle.
    """
    match = _HANDLE.fullmatch(text.strip())
    if match is None:
        raise InvalidUri(f"not a handle: {text[:300]!r}")
    return match[1], normalise_authority(match[2])


async def resolve_handle(client: SafeClient, handle: str) -> Discovered:
    """Find the actor of a handle.

    Where the answer is about another subject, that subject is asked for once and must confirm itself and the
    actor. The caller still has to fetch the actor and look its handle up back (protocol §8).

    Args:
        client: the guarded client.
        handle: `user@host`, with or without leading `@` or `acct:`.

    Raises:
        InvalidUri: not a handle.
        Gone: the account was deleted.
        FetchError: no answer, or not a usable one.
    """
    user, host = parse_handle(handle)
    found = await _query(client, user, host)
    if _same_handle(found.subject, f"{user}@{host}"):
        return found
    confirmed = await _query(client, *parse_handle(found.subject))
    if not _same_handle(confirmed.subject, found.subject) or confirmed.actor_uri != found.actor_uri:
        raise InvalidAnswer(f"acct:{user}@{host}", f"{found.subject} does not confirm itself")
    return confirmed


async def _query(client: SafeClient, user: str, host: str) -> Discovered:
    resource = f"acct:{user}@{host}"
    path = f"/.well-known/webfinger?resource={quote(resource, safe=':@')}"
    try:
        return _read(client, await get_well_known(client, host, path, _ACCEPT, _MAX_BYTES), resource)
    except (Gone, Timeout, Unreachable):  # final, or the host itself does not answer
        raise
    except FetchError as error:
        template = await _host_meta_template(client, host)
        if template is None:
            raise
        url = template.replace("{uri}", quote(resource, safe=""))
        if url == error.url:
            raise
        return _read(client, await client.get(url, accept=_ACCEPT, max_bytes=_MAX_BYTES), resource)


async def _host_meta_template(client: SafeClient, host: str) -> str | None:
    """Where a host's XRD sends WebFinger queries, if anywhere."""
    try:
        meta = await get_well_known(client, host, "/.well-known/host-meta", _ACCEPT_XRD, _MAX_BYTES)
    except FetchError:
        return None
    for tag in _XRD_LINK.findall(meta.body.decode("utf-8", "replace")) if meta.ok else []:
        attributes = {
            name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(tag)
        }
        template = attributes.get("template", "")
        if attributes.get("rel") == "lrdd" and "{uri}" in template:
            return template if is_uri(template, client.policy.allows_http) else None
    return None


def _read(client: SafeClient, response: Response, resource: str) -> Discovered:
    response.raise_for_status()
    document = response.json()
    links = [link for link in as_list(document.get("links"))[:200] if isinstance(link, dict)]
    try:
        user, host = parse_handle(str(document.get("subject") or ""))
        actor_uri = check_uri(_self_link(links) or "", client.policy.allows_http)
    except InvalidUri as error:
        raise InvalidAnswer(
            response.url, f"WebFinger for {resource} lacks subject or actor: {error}"
        ) from error
    return Discovered(f"{user}@{host}", actor_uri, _subscribe_template(client, links))


def _self_link(links: list[dict[str, Any]]) -> str | None:
    for link in links:
        kind, href = link.get("type"), link.get("href")
        if (
            link.get("rel") == "self"
            and isinstance(kind, str)
            and isinstance(href, str)
            and is_activity_type(kind)
        ):
            return href
    return None


def _subscribe_template(client: SafeClient, links: list[dict[str, Any]]) -> str | None:
    for link in links:
        template = link.get("template")
        if link.get("rel") == _SUBSCRIBE and isinstance(template, str) and "{uri}" in template:
            return template if is_uri(template, client.policy.allows_http) else None
    return None


def _same_handle(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
