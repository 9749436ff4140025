"""A town of communities for `bench.forum`, written straight into the database: people, posts, discussions."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, text

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.social import actors
from potluck.social.communities import comment_places, making
from potluck.social.communities.making import Wishes
from potluck.social.keys import make_pairs
from potluck.social.model import Actor, Community, Follow, GroupPost, Object, User

_CHUNK = 5000
_AUTHORS = 500
_COMMUNITIES = 100
_LARGE = 10
_APART = 30  # seconds between two posts
_WEEK = 168.0


@dataclass(slots=True)
class Town:
    """Ids of what the measurements ask for."""

    reader: int = 0
    recluse: int = 0
    user: int = 0
    people: list[int] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    author_ids: list[int] = field(default_factory=list)
    communities: list[int] = field(default_factory=list)
    group: str = ""
    target: int = 0
    posts: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def large(self) -> int:
        """One of the communities that hold half of the posts."""
        return self.communities[0]

    @property
    def small(self) -> int:
        """The community with the fewest posts."""
        return self.communities[-1]


async def add_town(db: Database, people: int) -> Town:
    """Readers, voters, authors and communities, among them one of ours with a post to vote on."""
    town = Town()
    pairs = make_pairs()
    async with db.write() as session:
        await actors.instance_actor(session)
        alice = await actors.create_local(session, "alice", owner_id=1, pairs=pairs)
        session.add(User(id=1, email="alice@mail.test", actor_id=alice.id, password_hash="x"))
        recluse = await actors.create_local(session, "recluse", pairs=pairs)
        ours = await making.create(session, alice, "stews", Wishes("Stews"), pairs=pairs)
    town.reader, town.recluse, town.user = alice.id, recluse.id, 1
    town.people = [2000 + number for number in range(people)]
    town.author_ids = [100_000 + number for number in range(_AUTHORS)]
    town.communities = [200_000 + number for number in range(_COMMUNITIES)]
    town.authors = [f"https://far.test/users/author{number}" for number in range(_AUTHORS)]
    town.group = "https://far.test/c/town0"
    async with db.write() as session:
        await session.execute(insert(Actor), [
            {"id": actor_id, "uri": f"https://here.test/users/voter{actor_id}", "type": "Person",
             "name": f"voter{actor_id}", "host": "", "handle": f"voter{actor_id}"} for actor_id in town.people])
        await session.execute(insert(Actor), [
            {"id": actor_id, "uri": uri, "type": "Person", "name": f"author{number}", "host": "far.test",
             "handle": f"author{number}@far.test", "inbox": f"{uri}/inbox", "fetched_at": now()}
            for number, (actor_id, uri) in enumerate(zip(town.author_ids, town.authors, strict=True))])
        await session.execute(insert(Actor), [
            {"id": actor_id, "uri": f"https://far.test/c/town{number}", "type": "Group", "name": f"town{number}",
             "host": "far.test", "handle": f"town{number}@far.test", "inbox": "https://far.test/inbox",
             "fetched_at": now()} for number, actor_id in enumerate(town.communities)])
        await session.execute(insert(Community), [
            {"actor_id": actor_id, "interactions_month": 10_000 // (number + 1), "rules": [], "languages": [],
             "flairs": [], "sensitive": number % 25 == 24} for number, actor_id in enumerate(town.communities)])
        followed = [(alice.id, actor_id) for actor_id in (*town.communities[:18], *town.communities[-2:])]
        followed += [(recluse.id, actor_id) for actor_id in town.communities[-3:]]
        await session.execute(insert(Follow), [
            {"id": ids.new(), "follower_id": follower, "followed_id": actor_id, "state": "accepted",
             "created_at": now()} for follower, actor_id in followed])
    rows, places = _posts(town, 0, 1)
    target = {**rows[0], "id": ids.new(), "uri": "https://far.test/target", "group_id": ours.id}
    async with db.write() as session:
        await session.execute(insert(Object.__table__), [target])  # type: ignore[arg-type]
        await session.execute(insert(GroupPost.__table__), [  # type: ignore[arg-type]
            {**places[0], "object_id": target["id"], "community_id": ours.id, "local": True}])
    town.target = target["id"]
    return town


async def add_posts(db: Database, town: Town, size: int) -> None:
    """Bring the history to `size` posts, the newest first, as they would have been ranked."""
    while town.size < size:
        rows, places = _posts(town, town.size, min(_CHUNK, size - town.size))
        async with db.write() as session:
            await session.execute(insert(Object.__table__), rows)  # type: ignore[arg-type]
            await session.execute(insert(GroupPost.__table__), places)  # type: ignore[arg-type]
        if not town.posts:
            town.posts = [row["uri"] for row in rows if row["group_id"] == town.large][:200]
        town.size += len(rows)
    await analyse(db)


async def analyse(db: Database) -> None:
    """Let the database count what it holds, as it does by itself in time."""
    async with db.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))


def _posts(town: Town, first: int, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    chosen = random.Random(first)
    rows, places = [], []
    for number in range(first, first + count):
        age = timedelta(seconds=_APART * number + 60)
        moment = now() - age
        seconds = int(moment.timestamp())
        share = chosen.random()
        community = int(share * 2 * _LARGE) if share < 0.5 else _LARGE + int(
            (_COMMUNITIES - _LARGE) * (2 * share - 1) ** 2 * 0.9999)
        score = int(chosen.paretovariate(1.2)) - 1
        remarks = int(chosen.paretovariate(1.1)) - 1
        newest = min(seconds + int(chosen.random() * 86400), int(now().timestamp())) if remarks else seconds
        author = chosen.choice(town.author_ids)
        object_id = ids.at(moment)
        rows.append({
            "id": object_id, "uri": f"https://far.test/post/{number}", "kind": "link", "type": "Page",
            "author_id": author, "local": False, "visibility": "public", "group_id": town.communities[community],
            "thread_root_id": object_id, "title": f"Post number {number}", "content": "<p>Something to say.</p>",
            "likes_count": score, "published": moment, "created_at": moment})
        places.append({
            "object_id": object_id, "community_id": town.communities[community], "author_id": author, "kind": "link",
            "local": community % 20 == 19, "language": "eo" if chosen.random() < 0.001 else "en",
            "sensitive": chosen.random() < 0.05, "open": True, "listed": True, "score": score, "votes": score + 1,
            "comments": remarks, "published_s": seconds, "newest_comment_s": newest, "active_s": newest,
            "hot": _hot(score, age.total_seconds()), "hot_active": _hot(score, now().timestamp() - newest),
            "scaled": _hot(score, age.total_seconds()) / math.log10(2 + 10_000 // (community + 1)),
            "controversy": chosen.random() if chosen.random() < 0.1 else 0.0})
    return rows, places


def _hot(score: int, age: float) -> float:
    hours = max(0.0, age / 3600)
    return 0.0 if hours >= _WEEK else float(math.log10(max(2, score + 2)) / (hours + 2) ** 1.8)


async def add_comments(db: Database, town: Town, size: int, shape: str = "mixed") -> Object:
    """A post with a discussion of `size` comments below it.

    Args:
        shape: `mixed`: most answer earlier ones; `broad`: all answer the post; `chain`: each answers the one before.
    """
    chosen = random.Random(size)
    moment = now() - timedelta(days=3)
    root = ids.at(moment)
    base = {"kind": "note", "type": "Note", "local": False, "visibility": "public", "group_id": town.large,
            "thread_root_id": root, "created_at": moment, "content": "<p>So they say.</p>"}
    rows: list[dict[str, Any]] = [{
        **base, "id": root, "uri": f"https://far.test/{shape}/{size}", "kind": "link", "type": "Page",
        "author_id": town.author_ids[0], "title": "Much talked about", "published": moment, "likes_count": 10}]
    for number in range(size):
        parent = rows[_parent(chosen, shape, len(rows))]
        said = moment + timedelta(seconds=number * 20 + 1)
        rows.append({
            **base, "id": ids.at(said), "uri": f"https://far.test/{shape}/{size}/{number}", "published": said,
            "author_id": chosen.choice(town.author_ids), "in_reply_to_id": parent["id"],
            "in_reply_to_uri": parent["uri"], "likes_count": int(chosen.paretovariate(1.2)),
            "dislikes_count": int(chosen.random() * 3)})
    stamp = int(moment.timestamp())
    async with db.write() as session:
        for first in range(0, len(rows), _CHUNK):
            chunk = [{"in_reply_to_id": None, "in_reply_to_uri": None, "title": None, "dislikes_count": 0, **row}
                     for row in rows[first:first + _CHUNK]]
            await session.execute(insert(Object.__table__), chunk)  # type: ignore[arg-type]
        await session.execute(insert(GroupPost.__table__), [{  # type: ignore[arg-type]
            "object_id": root, "community_id": town.large, "author_id": town.author_ids[0], "kind": "link",
            "local": False, "language": "en", "published_s": stamp, "newest_comment_s": stamp, "active_s": stamp,
            "comments": size}])
        await comment_places.add_thread(session, root)
        found: Object = (await session.scalars(select(Object).where(Object.id == root))).one()
    await analyse(db)
    return found


def _parent(chosen: random.Random, shape: str, before: int) -> int:
    """Which of the rows so far the next comment answers; the first one is the post."""
    if shape == "broad" or (shape == "mixed" and chosen.random() < 0.3):
        return 0
    return before - 1 if shape == "chain" else before - chosen.randint(1, min(before, 200))
