"""Puts the cast and what they say into an empty server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from potluck import kinds
from potluck.db.base import now
from potluck.db.engine import Database
from potluck.db.ids import ids
from potluck.demo import blog
from potluck.demo.cast import FOLLOWS, LOCALS, PASSWORD, PLACES, REMOTES, Local, Place, Remote
from potluck.demo.script import LINES, Line
from potluck.kinds.note import actions
from potluck.kinds.note.model import PollDraft
from potluck.settings import current
from potluck.social import actors, follows, objects, preview_cards, profiles, reactions, registry
from potluck.social.accounts import signup
from potluck.social.communities import making, moderating, ranking
from potluck.social.communities.making import Wishes
from potluck.social.drafts import ActorDraft, AttachmentDraft, Draft, MentionDraft
from potluck.social.errors import Conflict
from potluck.social.model import Actor, Marker, Object, Server, User
from potluck.text.sanitise import to_plain_text


async def fill(db: Database) -> None:
    """Fill the server.

    Raises:
        Conflict: somebody has an account already.
    """
    kinds.install()
    prepared = await asyncio.gather(*(signup.prepare(signup.Request(
        name=person.name, email=f"{person.name}@{current().domain.partition(':')[0]}.example", password=PASSWORD))
        for person in LOCALS))
    async with db.write() as session:
        if await session.scalar(select(func.count()).select_from(User)):
            raise Conflict("The demonstration needs an empty server: there are accounts already")
        people = {person.name: await _make_local(session, person, request)
                  for person, request in zip(LOCALS, prepared, strict=True)}
        people |= {f"{person.name}@{person.host}": await _make_remote(session, person) for person in REMOTES}
        for follower, followed in FOLLOWS:
            await _follow(session, people[follower], people[followed])
        people |= {place.name: await _make_place(session, people, place) for place in PLACES}
        said: dict[str, Object] = {}
        for line in LINES:
            said[line.key] = await _say(session, people, said, line)
        for line in LINES:
            await _react(session, people, said[line.key], line)
        await reactions.pin(session, people["alice"], said["invitation"].id)
        await reactions.bookmark(session, people["alice"], said["moss"].id)
        await moderating.pin(session, people["alice"], said["swap"].id)
        for line in LINES:
            if line.removed:
                await moderating.remove(session, people["alice"], said[line.key].id, line.removed)
        await ranking.refresh(session)
    await blog.fill(db)


async def _make_local(session: AsyncSession, person: Local, prepared: signup.Prepared) -> Actor:
    made = await signup.create_by_operator(session, prepared, role=person.role)
    await profiles.update_profile(session, made.actor, display_name=person.display_name, note=person.note,
                                  fields=person.fields, locked=person.locked, discoverable=True, indexable=True)
    session.add(Marker(actor_id=made.actor.id, timeline="notifications", last_read_id=0, version=1, updated_at=now()))
    await session.flush()
    return made.actor


async def _make_remote(session: AsyncSession, person: Remote) -> Actor:
    server = await session.scalar(select(Server).where(Server.host == person.host))
    if server is None:
        server = Server(id=ids.new(), host=person.host, software=person.software, nodeinfo_at=now(), created_at=now())
        session.add(server)
        await session.flush()
    base = f"https://{person.host}"
    uri = f"{base}/users/{person.name}"
    return await actors.upsert_remote(session, ActorDraft(
        uri=uri, type=person.type, name=person.name, host=person.host, inbox=f"{uri}/inbox",
        display_name=person.display_name, summary=person.summary, url=f"{base}/@{person.name}",
        shared_inbox=f"{base}/inbox", outbox=f"{uri}/outbox", followers_uri=f"{uri}/followers",
        following_uri=f"{uri}/following", discoverable=True, indexable=True,
        avatar_url=_static(person.icon), published=now() - timedelta(days=700)), server.id)


async def _make_place(session: AsyncSession, people: Mapping[str, Actor], place: Place) -> Actor:
    made = await making.create(session, people[place.leader], place.name, Wishes(
        place.title, place.description, rules=place.rules, flairs=[{"name": name} for name in place.flairs]))
    await profiles.update_profile(session, made, avatar_url=_static(place.icon), header_url=_static(place.banner),
                                  header_description=place.banner_shows)
    for name in place.members:
        await follows.follow(session, people[name], made)
    for name in place.moderators:
        await moderating.appoint(session, people[place.leader], made, people[name])
    return made


async def _follow(session: AsyncSession, follower: Actor, followed: Actor) -> None:
    await follows.follow(session, follower, followed)
    if not followed.is_local:
        await follows.accept(session, followed, follower)


async def _say(session: AsyncSession, people: Mapping[str, Actor], said: Mapping[str, Object], line: Line) -> Object:
    author = people[line.who]
    draft = await _draft(session, people, line)
    draft.published = now() - timedelta(hours=line.hours)
    if line.reply_to:
        parent = said[line.reply_to]
        draft.in_reply_to_id, draft.in_reply_to_uri, draft.group_id = parent.id, parent.uri, parent.group_id
    if line.community:
        draft.group_id = people[line.community].id
    if not author.is_local:
        draft.uri = f"https://{author.host}/posts/{line.key}"
        draft.url = draft.uri
    (stored,) = await objects.store(session, [draft])
    if stored.object is None:
        raise Conflict(f"{line.key} was deleted here before")
    if line.link:
        await preview_cards.want(session, {stored.object.id: line.link})
        await _show_card(session, line)
    return stored.object


async def _show_card(session: AsyncSession, line: Line) -> None:
    """What the page of a link would say of itself, had it been fetched."""
    card = await preview_cards.by_url(session, line.link)
    if card is None or card.state == "ready":
        return
    title, description, picture = line.card
    await preview_cards.settle(session, card.id, {
        "title": title, "description": description, "provider_name": urlsplit(line.link).netloc,
        "image_url": _static(picture)} if title else None)


def _static(name: str) -> str | None:
    return f"/static/demo/{name}" if name else None


async def _draft(session: AsyncSession, people: Mapping[str, Actor], line: Line) -> Draft:
    """What the composer would make of the line, or what a document of another kind would be read as."""
    author = people[line.who]
    html = await actions.preview(session, line.text, "text/markdown" if line.community else "text/plain")
    if line.document:
        kind = registry.kind_of_type(line.document["type"])
        shared = [{"type": "Link", "href": line.link}] if line.link else []
        draft = kind.read({"id": f"https://{author.host}/posts/{line.key}", "attributedTo": author.uri,
                           "to": "https://www.w3.org/ns/activitystreams#Public", "content": html,
                           "attachment": shared, **line.document})
        draft.author_id = author.id
        return draft
    if line.title and not line.poll:
        return _post(line, author, html)
    draft = Draft(kind="note", type="Question" if line.poll else "Note", published=now(), author_id=author.id,
                  visibility=line.visibility, summary=line.warning, sensitive=bool(line.warning), content=html,
                  source=line.text, source_type="text/plain", language=line.language)
    words = to_plain_text(html).split()
    draft.hashtags = [word.lstrip("#").rstrip(".,!?") for word in words if word.startswith("#")]
    draft.mentions = [MentionDraft(people[name].uri, f"@{name}", actor_id=people[name].id)
                      for word in words if word.startswith("@") and (name := word.strip("@.,!?")) in people]
    if line.title:
        draft.title, draft.content = line.title, f"<p><strong>{line.title}</strong></p>{html}"
    if line.poll:
        votes = sum(count for _, count in line.poll)
        draft.kind_data = PollDraft(list(line.poll), expires_at=now() + timedelta(days=2), voters_count=votes)
    return draft


def _post(line: Line, author: Actor, html: str) -> Draft:
    """A post in a community."""
    extra = {"link": line.link, "flairs": [line.flair] if line.flair else []}
    picture, shows = line.picture
    return Draft(
        kind="link", type="Page", published=now(), author_id=author.id, title=line.title, content=html,
        source=line.text, source_type="text/markdown", language=line.language,
        extra={key: value for key, value in extra.items() if value},
        attachments=[AttachmentDraft("image", _static(picture) or "", description=shows)] if picture else [])


async def _react(session: AsyncSession, people: Mapping[str, Actor], row: Object, line: Line) -> None:
    for handle in line.liked_by:
        await reactions.react(session, people[handle], row.id, uri=_act_uri(people[handle], "like", line))
    for handle in line.downvoted_by:
        await reactions.react(session, people[handle], row.id, "dislike", uri=_act_uri(people[handle], "dislike", line))
    for handle in line.boosted_by:
        await reactions.announce(session, people[handle], row.id, uri=_act_uri(people[handle], "boost", line),
                                 published=row.published + timedelta(minutes=40))


def _act_uri(actor: Actor, verb: str, line: Line) -> str | None:
    return None if actor.is_local else f"https://{actor.host}/{verb}/{line.key}"


