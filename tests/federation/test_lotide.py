"""Lotide's unsigned forwards: taken as hints to look where the thing lives, from nobody and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import update

from potluck.federation.errors import Refusal
from potluck.federation.verifying import ReceivedRequest
from potluck.social.model import Actor, Server

from .conftest import Wire
from .forum_dialects import lotide_comment, lotide_post
from .groups_cast import act, subscribed, there
from .peers import Peer, RemotePerson


async def forward(wire: Wire, document: Any) -> None:
    """An unsigned POST, as a Lotide community sends what its members elsewhere said."""
    body = json.dumps(document).encode()
    request = ReceivedRequest("POST", "/inbox", (("content-type", "application/activity+json"),), body)
    await wire.federation.inbox.receive(request, "application/activity+json", None)
    await wire.work()


async def post_in(wire: Wire, alice: Actor, peer: Peer, software: str = "lotide") -> tuple[RemotePerson, str]:
    """A community that somebody here follows, on a server of this software, and a post in it."""
    group = peer.community()
    await subscribed(wire, alice, group)
    async with wire.db.write() as session:
        await session.execute(update(Server).where(Server.host == peer.host).values(software=software))
    post = lotide_post(peer.person("carol"), group.uri)
    await wire.take(group, act(group, "Announce", post["id"]),
                    act(group, "Add", post["id"], target=f"{group.uri}/outbox"))
    await there(wire, post["id"])
    return group, post["id"]


async def test_what_is_forwarded_is_read_at_its_home(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """A comment by its bare Note, a vote and a deletion of somebody on a third server, whatever the body says."""
    group, post = await post_in(wire, alice, peer)
    dave = other.person("dave")
    said = lotide_comment(dave, group.uri, post)
    await forward(wire, said | {"content": "<p>forged</p>"})
    row = await there(wire, said["id"])
    assert (row.content.strip(), row.group_id is not None, row.in_reply_to_uri) == ("<p>hm</p>", True, post)
    like = act(dave, "Like", post)
    other.serve(like)
    await forward(wire, like)
    assert (await there(wire, post)).likes_count == 1
    deletion = act(dave, "Delete", said["id"])
    other.serve({}, said["id"], status=410)
    await forward(wire, deletion)
    assert (await there(wire, said["id"])).deleted_at is not None


async def test_a_forged_deletion_deletes_nothing(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """What is still served where it lives is not deleted."""
    group, post = await post_in(wire, alice, peer)
    dave = other.person("dave")
    said = lotide_comment(dave, group.uri, post)
    await forward(wire, said)
    await forward(wire, act(dave, "Delete", said["id"]))
    assert (await there(wire, said["id"])).deleted_at is None


async def test_a_forged_vote_is_none(wire: Wire, peer: Peer, other: Peer, alice) -> None:
    """A like that its own server does not show, or shows otherwise, counts for nothing."""
    _, post = await post_in(wire, alice, peer)
    dave = other.person("dave")
    unserved, other_one = act(dave, "Like", post), act(dave, "Like", post)
    other.serve(other_one | {"actor": f"{other.base}/users/erin"})
    for like in (unserved, other_one):
        await forward(wire, like)
    assert (await there(wire, post)).likes_count == 0


@pytest.mark.parametrize("case", ["other software", "nothing known", "other verb", "on another host", "ours", "junk"])
async def test_everything_else_is_refused(wire: Wire, peer: Peer, other: Peer, alice, case: str) -> None:
    """As any unsigned request: a stranger can have nothing fetched that is not about a followed Lotide community."""
    group, post = await post_in(wire, alice, peer, "lemmy" if case == "other software" else "lotide")
    dave = other.person("dave")
    document: dict[str, Any] = {
        "other software": lotide_comment(dave, group.uri, post),
        "nothing known": lotide_comment(dave, group.uri, f"{peer.base}/posts/none"),
        "other verb": act(dave, "Block", post, target=group.uri),
        "on another host": lotide_comment(dave, group.uri, post) | {"attributedTo": group.uri},
        "ours": lotide_comment(dave, group.uri, post) | {"attributedTo": alice.uri, "id": f"{alice.uri}/notes/1"},
        "junk": {"type": ["Note", 5], "id": {"a": 1}, "inReplyTo": post, "attributedTo": [[]]}}[case]
    before = dict(other.asked)
    with pytest.raises(Refusal):
        await forward(wire, document)
    assert (dict(other.asked), await wire.journal()) == (before, [])
