"""Whatever is thrown at the inbox gets a clear answer; whatever is journalled is worked off, without leftovers."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from potluck.federation.errors import Forbidden, InvalidActivity, Refusal, Unauthenticated
from potluck.federation.verifying import ReceivedRequest

from .conftest import Wire
from .peers import PUBLIC, Peer

WORDS = st.sampled_from([PUBLIC, "https://potluck.test/users/alice", "https://[", "bear:?u=x"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False),
                    st.text(max_size=30), WORDS)
NAMES = [
    "id", "type", "actor", "object", "to", "cc", "tag", "attachment", "content", "name", "url", "href",
    "inReplyTo", "published", "updated", "attributedTo", "quote", "icon", "oneOf", "items", "first", "target",
    "signature", "proof", "instrument", "result", "summary", "source", "contentMap",
]
JSON = st.recursive(SCALARS, lambda inner: st.one_of(
    st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)), max_leaves=20)
TYPES = [
    "Create", "Update", "Delete", "Like", "Announce", "Follow", "Accept", "Reject", "Undo", "Block", "Flag",
    "Move", "Add", "Remove", "EmojiReact", "QuoteRequest", "Dislike", "Question", "Note", "Person", "Lock",
]
QUIETLY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUIETLY
@given(kind=st.sampled_from(TYPES), inner=JSON, more=st.dictionaries(
    st.sampled_from(["to", "cc", "target", "content", "result", "instrument", "id", "tag"]), JSON, max_size=4))
async def test_any_activity_is_worked_off(wire: Wire, peer: Peer, kind: str, inner: Any, more: dict[str, Any]) -> None:
    """A properly signed activity of any shape is refused, dropped or done; nothing is parked, nothing stays."""
    if "bob" not in peer.people:
        alice, bob = await wire.local("alice"), peer.person("bob")
        await wire.follow(alice, await wire.learn(bob))
    bob = peer.people["bob"]
    try:
        await bob.send(wire.federation, {"type": kind, "actor": bob.uri, "object": inner} | more)
    except Refusal:
        return
    await wire.work()
    assert await wire.journal() == []


@pytest.mark.parametrize("kind", ["Create", "Announce", "Update", "Add", "Follow"])
async def test_everybody_is_nothing_to_fetch(wire: Wire, peer: Peer, kind: str) -> None:
    """An activity about the public collection is done with at once: no server is asked for it, again and again."""
    alice, bob = await wire.local("alice"), peer.person("bob")
    await wire.follow(alice, await wire.learn(bob))
    await bob.send(wire.federation, {"id": f"{bob.uri}/odd", "type": kind, "actor": bob.uri, "object": PUBLIC})
    await wire.work()
    assert await wire.journal() == []


@QUIETLY
@given(body=st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode())),
       headers=st.lists(st.tuples(
           st.sampled_from(["Signature", "Signature-Input", "Digest", "Date", "Host", "Content-Digest", "Authorization",
                            "Collection-Synchronization"]),
           st.text(st.characters(codec="latin-1"), max_size=120)), max_size=6))
async def test_any_request_gets_a_refusal(wire: Wire, peer: Peer, body: bytes, headers: list[tuple[str, str]]) -> None:
    """Arbitrary bodies and headers never make anything else than a refusal, and journal nothing."""
    request = ReceivedRequest("POST", "/inbox", tuple(headers), body)
    with contextlib.suppress(InvalidActivity, Unauthenticated, Forbidden):
        await wire.federation.inbox.receive(request, "application/activity+json", None)
    assert await wire.journal() == []
