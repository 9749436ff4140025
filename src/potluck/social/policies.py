"""Who may reply to, like, boost or quote something: what its author wants (GoToSocial's policies, FEP-044f).

A policy names for each act those who may do it at once, and those whose act the author approves first; everyone else
may not. An author may do everything with their own, and whoever is named in a post may answer it. Where an author's
system says nothing of an act, anyone may do it. Of what is said here quoting is restricted, and commenting on articles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social.model import Actor, Follow, Mention, Object
from potluck.social.visibility import OPEN

Act = Literal["reply", "like", "announce", "quote"]
Verdict = Literal["automatic", "manual", "denied"]

PUBLIC = "public"
FOLLOWERS = "followers"
FOLLOWING = "following"

_NAMES: Mapping[Act, str] = {"reply": "canReply", "like": "canLike", "announce": "canAnnounce", "quote": "canQuote"}
_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_MOST = 200  # entries of a list that are read


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do something at once, and who with approval: public, followers, following, or ids of people."""

    automatic: frozenset[str]
    manual: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether anyone may at once."""
        return PUBLIC in self.automatic

    @property
    def depends(self) -> bool:
        """Whether it depends on who asks."""
        return not self.is_open and bool(self.automatic or self.manual)

    def verdict(self, who: Iterable[str]) -> Verdict:
        """What holds for somebody who is all of these."""
        found = {PUBLIC, *who}
        if self.automatic & found:
            return "automatic"
        return "manual" if self.manual & found else "denied"


ANYONE = Rule(frozenset({PUBLIC}))
NOBODY = Rule(frozenset())


def rule_of(row: Object, act: Act, author: Actor | None = None) -> Rule:
    """The rule for an act on an object.

    Args:
        author: of the object, where known: their collections are told from people by it.
    """
    if act == "quote" and (row.visibility not in OPEN or row.deleted_at is not None):
        return NOBODY
    if row.local and act == "quote":
        return _own_rule(row)
    policy = row.interaction_policy or {}
    found = policy.get(_NAMES[act], policy.get(f"gts:{_NAMES[act]}"))
    if not isinstance(found, Mapping):
        return ANYONE
    # Before 0.20 GoToSocial named the two lists otherwise.
    automatic = _who(found.get("automaticApproval", found.get("always")), author)
    return Rule(automatic, _who(found.get("manualApproval", found.get("approvalRequired")), author) - automatic)


def _own_rule(row: Object) -> Rule:
    return {"public": ANYONE, "followers": Rule(frozenset({FOLLOWERS}))}.get(row.quote_policy, NOBODY)


def _who(value: Any, author: Actor | None) -> frozenset[str]:
    entries = value if isinstance(value, list) else [value]
    found = set()
    for entry in entries[:_MOST]:
        uri = entry.get("id") if isinstance(entry, Mapping) else entry
        if isinstance(uri, str):
            found.add(_word(uri, author))
    return frozenset(found - {author.uri if author else ""})


def _word(uri: str, author: Actor | None) -> str:
    if uri in _PUBLIC:
        return PUBLIC
    if author is None:
        return FOLLOWERS if uri.rstrip("/").endswith("/followers") else uri
    collections = {author.followers_uri or f"{author.uri}/followers": FOLLOWERS,
                   author.following_uri or f"{author.uri}/following": FOLLOWING}
    return collections.get(uri, uri)


async def verdict(session: AsyncSession, row: Object, actor: Actor, act: Act) -> Verdict:
    """Whether somebody may do something with an object: at once, with its author's approval, or not."""
    if row.author_id == actor.id:
        return "automatic"
    author = await session.get(Actor, row.author_id)
    rule = rule_of(row, act, author)
    if rule.is_open:
        return "automatic"
    if act == "reply" and await session.get(Mention, (row.id, actor.id)) is not None:
        return "automatic"
    return rule.verdict((await standings(session, actor.id, {row.author_id}))[row.author_id])


async def verdicts(
    session: AsyncSession, rows: Iterable[tuple[Object, Actor]], viewer_id: int,
) -> dict[int, dict[Act, Verdict]]:
    """What a viewer may not do, or only with approval, with many objects; those that restrict nothing are left out."""
    rules: dict[int, dict[Act, Rule]] = {}
    authors: dict[int, int] = {}
    for row, author in rows:
        if row.author_id != viewer_id and (row.interaction_policy or row.quote_policy != PUBLIC):
            narrow = {act: rule for act in _NAMES if not (rule := rule_of(row, act, author)).is_open}
            if narrow:
                rules[row.id], authors[row.id] = narrow, row.author_id
    if not rules:
        return {}
    mine = await standings(session, viewer_id, set(authors.values()))
    named = set((await session.scalars(select(Mention.object_id).where(
        Mention.object_id.in_(rules), Mention.actor_id == viewer_id))).all())
    found: dict[int, dict[Act, Verdict]] = {}
    for object_id, narrow in rules.items():
        found[object_id] = {act: rule.verdict(mine[authors[object_id]]) for act, rule in narrow.items()
                            if not (act == "reply" and object_id in named)}
    return found


async def standings(session: AsyncSession, actor_id: int, author_ids: Collection[int]) -> dict[int, set[str]]:
    """What somebody is to authors: a follower, someone followed, and oneself by one's id."""
    uri = await session.scalar(select(Actor.uri).where(Actor.id == actor_id)) or ""
    rows = await session.execute(select(Follow.follower_id, Follow.followed_id).where(
        Follow.state == "accepted", or_(
            and_(Follow.follower_id == actor_id, Follow.followed_id.in_(author_ids)),
            and_(Follow.followed_id == actor_id, Follow.follower_id.in_(author_ids)))))
    found = {author_id: {uri} for author_id in author_ids}
    for follower, followed in rows.all():
        author, word = (followed, FOLLOWERS) if follower == actor_id else (follower, FOLLOWING)
        found[author].add(word)
    return found


async def awaits_approval(session: AsyncSession, row: Object) -> bool:
    """Whether a local reply waits until the author of what it answers has approved it."""
    if not row.local or row.in_reply_to_id is None or row.approved_by_uri is not None:
        return False
    parent = await session.get(Object, row.in_reply_to_id)
    if parent is None or parent.local or parent.deleted_at is not None:
        return False
    author = await session.get_one(Actor, row.author_id)
    return await verdict(session, parent, author, "reply") == "manual"
