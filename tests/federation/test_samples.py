"""Every recorded payload is understood, or shown by the fallback kind, or refused for a reason written here."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from potluck import kinds, settings
from potluck.federation import dispatch, inbound
from potluck.federation.actor_documents import read_actor
from potluck.federation.dispatch import create
from potluck.federation.errors import FederationError
from potluck.federation.vocabulary import ACTOR_TYPES, COLLECTION_TYPES, PAGE_TYPES, first_id, get, type_of
from potluck.settings import Settings
from potluck.social.registry import Unreadable
from support.samples import SAMPLES

FILES = sorted(SAMPLES.rglob("*.json"))

# Pattern -> what the refusal says. Most of these are no ActivityPub at all: answers of HTTP APIs and of NodeInfo.
REFUSED = {
    "bookwyrm/booklist.json": "attributed to None",  # says `owner`: the kind that will own it knows
    "bookwyrm/edition-legacy-snake-case.json": "attributed to None",
    "bookwyrm/shelf.json": "attributed to None",
    "bookwyrm/*-isbn.json": "nothing that can be said",
    "bookwyrm/inventaire-*.json": "nothing that can be said",
    "bookwyrm/openlibrary-*.json": "nothing that can be said",
    "bookwyrm/search-response.json": "not an object",
    "fep/8b32-signer-actor.json": "preferredUsername",
    "funkwhale/actor.json": "inbox on its own host",
    "funkwhale/audio-in-library.json": "attributed to None",
    "funkwhale/library-public.json": "another host",
    "funkwhale/track-full.json": "another host",
    "gotosocial/key-stub-actor.json": "inbox on its own host",
    "gotosocial/note-interaction-policy.json": "no id",
    "lemmy/tombstone.json": "nothing that can be said",
    "mastodon/instance-actor.json": "acceptable id",  # a template with a placeholder for the host
    "mobilizon/join-event.json": "Join",
    "mobilizon/nodeinfo-*.json": "nothing that can be said",
    "owncast/constructed-leave-*.json": "Leave",
    "owncast/constructed-offer-*.json": "Offer",
    "owncast/followers-fixture-head.json": "not an object",
    "owncast/webhook-*.json": "no id",
    "peertube/video-hls-split-audio-trimmed.json": "attributed to None",
    "peertube/webfinger.json": "nothing that can be said",
    "pixelfed/bearcap.json": "nothing that can be said",
    "pixelfed/r-api-media.json": "not an http(s) uri",
    "pixelfed/r-api-*.json": "nothing that can be said",
    "pixelfed/r-nodeinfo-2.0.json": "nothing that can be said",
    "pixelfed/r-story-view.json": "View",
    "pixelfed/r-webfinger.json": "nothing that can be said",
    "pixelfed/tag-array-2021.json": "nothing that can be said",
    "wordpress/author-response.json": "nothing that can be said",
    "wordpress/webfinger-response.json": "nothing that can be said",
    "writefreely/r-api-*.json": "nothing that can be said",
    "writefreely/r-nodeinfo.json": "nothing that can be said",
    "writefreely/r-webfinger.json": "nothing that can be said",
}


@pytest.fixture(autouse=True)
def _loopback(tmp_path: Path) -> Any:
    """Old recordings have plain http ids and ports."""
    before = settings._current
    settings.use(Settings(url="https://potluck.test", data=tmp_path, allow_private=(ip_network("127.0.0.0/8"),)))
    kinds.install()
    yield
    settings._current = before


def test_the_samples_are_there() -> None:
    """The recorded payloads lie beside the repository."""
    assert FILES, f"payload samples are absent: expected JSON files under {SAMPLES}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_payload_is_understood_or_refused_for_a_reason(path: Path) -> None:
    """Nothing that a real server sent makes a reader stumble."""
    name = f"{path.parent.name}/{path.name}"
    expected = next((reason for pattern, reason in REFUSED.items() if fnmatch(name, pattern)), None)
    outcome = _read(json.loads(path.read_text(encoding="utf-8")))
    if expected is None:
        assert not outcome.startswith("refused"), outcome
    else:
        assert outcome.startswith("refused")
        assert expected in outcome


def _read(document: Any) -> str:
    if not isinstance(document, dict):
        return "refused: not an object"
    try:
        return _understood(document)
    except (FederationError, Unreadable) as reason:
        return f"refused: {reason}"


def _understood(document: dict[str, Any]) -> str:
    type_name = type_of(document, ACTOR_TYPES)
    if type_name in ACTOR_TYPES:
        return f"actor {read_actor(document).name}"
    if type_name in COLLECTION_TYPES | PAGE_TYPES:
        return "collection"
    known = create.ACTIVITY_TYPES | dispatch.HANDLERS.keys() | {"Warn"}
    if get(document, "actor") is None or type_name not in known:
        return f"object {create.draft_of(document).kind}"
    whole = inbound.of_document(document, item_id=0, host="peer.test", inbox_actor_id=None, body="{}",
                                signer_uri=first_id(get(document, "actor")))
    wanted = inbound.References()
    for part in dispatch.parts(whole):
        dispatch.handler_for(part).references(part, wanted)
    return f"activity {type_name}"
