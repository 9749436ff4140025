"""Actor documents, both ways: what other servers say of their actors, and the one superset we say of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from potluck import __version__
from potluck.federation import group_documents
from potluck.federation.errors import InvalidUri
from potluck.federation.reading import emojis_of, natural_text
from potluck.federation.urls import check_uri, host_of, same_host
from potluck.federation.vocabulary import (
    ACTOR_TYPES,
    PUBLIC,
    Document,
    boolean,
    first_id,
    format_time,
    get,
    get_list,
    ids,
    image_of,
    parse_time,
    tags_of,
    text,
    type_of,
    url_html,
)
from potluck.federation.writing import emoji_tags, picture_type
from potluck.settings import current
from potluck.social.addresses import instance_actor_uri, shared_inbox_uri
from potluck.social.drafts import ActorDraft
from potluck.social.model import Actor, ActorKey
from potluck.social.registry import Unreadable
from potluck.text.sanitise import sanitise_inline, to_plain_text

MAX_NAME = 2048
MAX_SUMMARY = 20_000
MAX_FIELDS = 50
MAX_FIELD = 2047
MAX_ALIASES = 256
TABS = {"show_media": "showMedia", "show_media_replies": "showRepliesInMedia", "show_featured": "showFeatured"}
"""Which tabs a profile has: as apps call it -> as Mastodon 4.6 federates it."""
MAX_KEYS = 10
_RFC9421 = "https://datatracker.ietf.org/doc/html/rfc9421"


def read_actor(document: Document) -> ActorDraft:
    """A remote actor out of its document. `host` is that of the id until WebFinger confirms a handle.

    Inbox, outbox and collections are kept only on the actor's own host (protocol §7).

    Raises:
        Unreadable: not an actor, or id, name or inbox is missing or unacceptable.
    """
    type_name = type_of(document, ACTOR_TYPES)
    if type_name not in ACTOR_TYPES:
        raise Unreadable(f"{type_name} is not a type of actor")
    uri = _own_uri(document.get("id", document.get("@id")))
    if uri is None:
        raise Unreadable("the actor has no acceptable id")
    name = (text(get(document, "preferredUsername")) or "").strip()
    if not name or len(name) > MAX_NAME or any(mark in name for mark in "@/ \n\r\t"):
        raise Unreadable("the actor has no usable preferredUsername")
    draft = ActorDraft(uri=uri, type=type_name, name=name, host=host_of(uri), inbox=_on_host(document, "inbox", uri))
    if draft.inbox is None:
        raise Unreadable("the actor has no inbox on its own host")
    _read_endpoints(document, draft)
    _read_profile(document, draft)
    _read_flags(document, draft)
    draft.keys = list(_read_keys(document, uri))[:MAX_KEYS]
    return draft


def _own_uri(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return check_uri(value, allow_http=bool(current().allow_private))
    except InvalidUri:
        return None


def _on_host(document: Document, name: str, uri: str) -> str | None:
    """The address in a property if it lies on the actor's own host."""
    found = _own_uri(first_id(get(document, name)))
    return found if found and same_host(found, uri) else None


def _read_endpoints(document: Document, draft: ActorDraft) -> None:
    endpoints = get(document, "endpoints")
    shared = _own_uri(first_id(get(endpoints, "sharedInbox")) or first_id(get(document, "sharedInbox")))
    draft.shared_inbox = shared if shared and same_host(shared, draft.uri) else None
    draft.outbox = _on_host(document, "outbox", draft.uri)
    draft.followers_uri = _on_host(document, "followers", draft.uri)
    draft.following_uri = _on_host(document, "following", draft.uri)
    draft.featured_uri = _on_host(document, "featured", draft.uri)


def _read_profile(document: Document, draft: ActorDraft) -> None:
    draft.display_name = to_plain_text(natural_text(document, "name")[:MAX_NAME]) \
        if "<" in natural_text(document, "name") else natural_text(document, "name").strip()[:MAX_NAME]
    draft.summary = sanitise_inline(natural_text(document, "summary")[:MAX_SUMMARY], base_url=draft.uri)
    draft.fields = _read_fields(document, draft.uri)
    draft.emojis = emojis_of(tags_of(document))
    page = url_html(document)
    draft.url = page if page and same_host(page, draft.uri) else None
    for name in ("icon", "image"):
        picture = image_of(get(document, name))
        target = "avatar" if name == "icon" else "header"
        if picture:
            setattr(draft, f"{target}_url", picture.url)
            setattr(draft, f"{target}_description", (picture.description or "")[:1500])
    draft.published = parse_time(get(document, "published"))


def _read_fields(document: Document, base: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for entry in get_list(document, "attachment"):
        if type_of(entry) == "PropertyValue" and len(found) < MAX_FIELDS:
            name = to_plain_text(natural_text(entry, "name"))[:MAX_FIELD]
            value = sanitise_inline((text(get(entry, "value")) or "")[:MAX_FIELD], base_url=base)
            if name or value:
                found.append({"name": name, "value": value})
    return found


def _read_flags(document: Document, draft: ActorDraft) -> None:
    draft.locked = boolean(get(document, "manuallyApprovesFollowers"))
    draft.discoverable = boolean(get(document, "discoverable"))
    draft.indexable = boolean(get(document, "indexable"))
    draft.memorial = boolean(get(document, "memorial"))
    draft.suspended = boolean(get(document, "suspended"))
    draft.also_known_as = [uri for uri in ids(get(document, "alsoKnownAs"))[:MAX_ALIASES] if _own_uri(uri)]
    draft.moved_to_uri = _own_uri(first_id(get(document, "movedTo")))
    extra = {
        "webfinger": text(get(document, "webfinger")),
        "attribution_domains": [name for name in get_list(document, "attributionDomains")[:256]
                                if isinstance(name, str)] or None,
        "rfc9421": True if _implements(document, _RFC9421) else None,
        "moderators_uri": first_id(get(document, "attributedTo")) if draft.type == "Group" else None,
        "posting_restricted": True if boolean(get(document, "postingRestrictedToMods")) else None,
        "sensitive": True if draft.type == "Group" and boolean(get(document, "sensitive")) else None,
        "hides_public": True if boolean(get(document, "hidesToPublicFromUnauthedWeb")) else None,
        "hides_unlisted": True if boolean(get(document, "hidesCcPublicFromUnauthedWeb")) else None,
    }
    extra |= {name: value for name, term in TABS.items() if isinstance(value := get(document, term), bool)}
    draft.extra = {key: value for key, value in extra.items() if value is not None}


def _implements(document: Document, feature: str) -> bool:
    """Whether the actor or the software behind it declares a feature (FEP-844e)."""
    declared = get_list(document, "implements") + get_list(get(document, "generator"), "implements")
    return any(first_id(entry) == feature for entry in declared)


def _read_keys(document: Document, uri: str) -> Iterable[tuple[str, str, str]]:
    """(key uri, algorithm, public key): `publicKey` in PEM, `assertionMethod` as Ed25519 Multikey (FEP-521a)."""
    for key in get_list(document, "publicKey"):
        pem = text(get(key, "publicKeyPem")) if isinstance(key, Mapping) else None
        owner = first_id(get(key, "owner")) if isinstance(key, Mapping) else None
        key_uri = _own_uri(first_id(key))
        if pem and key_uri and owner in (None, uri) and same_host(key_uri, uri):
            yield key_uri, "rsa", pem
    for key in get_list(document, "assertionMethod"):
        if not isinstance(key, Mapping) or type_of(key) != "Multikey":
            continue
        encoded, key_uri = text(get(key, "publicKeyMultibase")), _own_uri(first_id(key))
        controller = first_id(get(key, "controller"))
        if encoded and encoded.startswith("z6Mk") and key_uri and controller in (None, uri) \
                and same_host(key_uri, uri):
            yield key_uri, "ed25519", encoded


def write_actor(actor: Actor, keys: Iterable[ActorKey], *, host: str | None = None) -> dict[str, Any]:
    """The document of a local actor, without @context: one superset that serves all known readers.

    Args:
        keys: its public keys; retired ones are left out.
        host: domain of the handle.
    """
    domain = host or current().domain
    document: dict[str, Any] = {
        "id": actor.uri, "type": actor.type, "preferredUsername": actor.name,
        "webfinger": f"{actor.name}@{domain}", "name": actor.display_name or actor.name,
        "summary": actor.summary, "url": actor.url or actor.uri,
        "inbox": actor.inbox, "outbox": actor.outbox, "followers": actor.followers_uri,
        "following": actor.following_uri, "featured": actor.featured_uri,
        "endpoints": {"sharedInbox": shared_inbox_uri()},
        "manuallyApprovesFollowers": actor.locked, "discoverable": actor.discoverable,
        "indexable": actor.indexable, "memorial": actor.memorial,
        "published": format_time(_midnight(actor.published or actor.created_at)),
        "updated": format_time(actor.updated_at),
        "attachment": _write_fields(actor.fields), "tag": emoji_tags(actor.emojis),
        "alsoKnownAs": actor.also_known_as,
        "interactionPolicy": {"canFeature": {"automaticApproval": [PUBLIC] if actor.discoverable else [actor.uri]}},
        "generator": {"type": "Application", "id": instance_actor_uri(), "name": f"Potluck {__version__}",
                      "implements": [{"href": _RFC9421, "name": "RFC-9421: HTTP Message Signatures"}]},
    }
    document.update(write_keys(actor, keys))
    if actor.type == "Group":
        document.update(group_documents.terms(actor))
    if actor.type != "Group":
        document |= {term: bool(actor.extra.get(name, True)) for name, term in TABS.items()}
    if actor.extra.get("attribution_domains"):
        document["attributionDomains"] = actor.extra["attribution_domains"]
    if actor.suspended_at:
        document["suspended"] = True
    if actor.moved_to_uri:
        document["movedTo"] = actor.moved_to_uri
    for name, url, description in (("icon", actor.avatar_url, actor.avatar_description),
                                   ("image", actor.header_url, actor.header_description)):
        if url:
            document[name] = _picture(url, description)
    return {key: value for key, value in document.items() if value is not None}


def stub(actor: Actor, keys: Iterable[ActorKey]) -> dict[str, Any]:
    """What an unsigned request gets in secure mode: enough to verify a signature with (protocol §2.2)."""
    return {"id": actor.uri, "type": actor.type, "preferredUsername": actor.name, "inbox": actor.inbox,
            "outbox": actor.outbox, "endpoints": {"sharedInbox": shared_inbox_uri()}, **write_keys(actor, keys)}


def write_keys(actor: Actor, keys: Iterable[ActorKey]) -> dict[str, Any]:
    """`publicKey` (one RSA key) and `assertionMethod` (one Ed25519 Multikey)."""
    terms: dict[str, Any] = {}
    for key in keys:
        if key.retired_at is not None:
            continue
        if key.algorithm == "rsa":
            terms["publicKey"] = {"id": key.uri, "owner": actor.uri, "publicKeyPem": key.public_key}
        else:
            terms["assertionMethod"] = [{"id": key.uri, "type": "Multikey", "controller": actor.uri,
                                         "publicKeyMultibase": key.public_key}]
    return terms


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _write_fields(fields: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "PropertyValue", "name": field["name"], "value": field["value"]} for field in fields]


def _picture(url: str, description: str) -> dict[str, Any]:
    picture: dict[str, Any] = {"type": "Image", "mediaType": picture_type(url), "url": url}
    if description:
        picture["summary"] = picture["name"] = description
    return picture


def handle_hosts(draft: ActorDraft) -> tuple[str, str]:
    """(name, host) of the handle the actor claims: by its `webfinger` property (FEP-2c59), else by its id's host."""
    claimed = draft.extra.get("webfinger")
    if isinstance(claimed, str) and claimed.count("@") == 1:
        name, host = claimed.split("@")
        if name.lower() == draft.name.lower() and host:
            return name, host
    return draft.name, host_of(draft.uri)
