"""Notifications as the page shows them: who, what, to which post, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from potluck.social.model import Actor
from potluck.social.notifications import Group
from potluck.social.views import ObjectView
from potluck.web.auth import Viewer
from potluck.web.i18n import _, _l, ngettext
from potluck.web.presenters.people import FollowState, Person, follow_state, shown_person
from potluck.web.presenters.posts import Post, post_path, shown_post
from potluck.web.presenters.times import Time, shown_time
from potluck.web.trusted import plain_text

KINDS = {"reblog": "boost", "favourite": "favourite", "update": "edit", "status": "post", "reaction": "favourite",
         "admin.sign_up": "sign_up", "admin.report": "report", "move": "moved", "moderation_warning": "report",
         "community_measure": "report",
         "severed_relationships": "moved"}
WITH_POST = frozenset({"mention", "reply", "quote", "status"})
_SENTENCES = {
    "mention": _l("%(who)s mentioned you"), "reply": _l("%(who)s replied to you"),
    "quote": _l("%(who)s quoted your post"), "status": _l("%(who)s posted"), "reblog": _l("%(who)s boosted your post"),
    "favourite": _l("%(who)s liked your post"), "follow": _l("%(who)s follows you"),
    "follow_request": _l("%(who)s wants to follow you"), "poll": _l("A poll you took part in by %(who)s has ended"),
    "update": _l("%(who)s edited a post you boosted or took part in"), "admin.sign_up": _l("%(who)s signed up"),
    "admin.report": _l("%(who)s sent a report"), "move": _l("%(who)s moved to another account"),
    "reaction": _l("%(who)s reacted to your post"),
    "moderation_warning": _l("The moderators have decided something about your account"),
    "community_measure": _l("The moderators of %(who)s have decided something about you"),
    "severed_relationships": _l("You lost follows, because a server was blocked or an account suspended"),
}


_MORE = {"moderation_warning": _l("Read more, or appeal"), "severed_relationships": _l("See which"),
         "admin.report": _l("Look at the report"), "community_measure": _l("Read more, or appeal")}
"""What stands in the place of an excerpt, as a link."""


@dataclass(frozen=True, slots=True)
class Notice:
    """See `components/notification.html`."""

    id: str
    kind: str
    people: list[Person]
    text_html: Markup
    time: Time
    unread: bool
    post: Post | None
    excerpt: str
    url: str
    person_follow: FollowState | None
    act: str


def _who(people: list[Person], count: int) -> Markup:
    if not people:
        return Markup("{}").format(_("Someone"))
    first = Markup('<a href="{}"><bdi>{}</bdi></a>').format(people[0].url, people[0].name_html)
    others = count - 1
    if others < 1:
        return first
    text = ngettext("%(who)s and %(count)s other", "%(who)s and %(count)s others", others)
    return Markup("{}").format(text) % {"who": first, "count": others}


def shown_group(group: Group, actors: Mapping[int, Actor], posts: Mapping[int, ObjectView], *,
                relationships: Mapping[int, Any], viewer: Viewer, read_up_to: int) -> Notice:
    """One row for notifications that belong together."""
    people = [shown_person(actors[actor_id]) for actor_id in group.actor_ids if actor_id in actors]
    view = posts.get(group.newest.object_id or 0)
    type_ = group.type
    if type_ == "mention" and view and view.object.in_reply_to_author_id == viewer.actor.id:
        type_ = "reply"
    sentence = _(_SENTENCES.get(type_, _l("News from %(who)s")))
    text = Markup("{}").format(sentence) % {"who": _who(people, max(group.count, len(people)))}
    if type_ == "reaction" and group.newest.emoji:
        text = text + Markup(" {}").format(group.newest.emoji)
    full = view is not None and type_ in WITH_POST
    relationship = relationships.get(group.actor_ids[0]) if type_ == "follow" and len(group.actor_ids) == 1 else None
    return Notice(
        id=str(group.newest.id), kind=KINDS.get(type_, type_), people=people[:5], text_html=text,
        time=shown_time(group.newest.created_at), unread=group.newest.id > read_up_to,
        post=shown_post(view, viewer) if view and full else None, excerpt=_below(type_, view, full=full),
        url=_url(group, view, people),
        person_follow=follow_state(relationship) if relationship else None,
        act=f"/requests/{people[0].id}" if type_ == "follow_request" and people else "",
    )


def _below(type_: str, view: ObjectView | None, *, full: bool) -> str:
    if view is not None:
        return "" if full else _excerpt(view)
    return _(_MORE[type_]) if type_ in _MORE else ""


def _url(group: Group, view: ObjectView | None, people: list[Person]) -> str:
    row = group.newest
    if row.type == "community_measure":
        return "/communities/decisions"
    if row.warning_id:
        return f"/strikes/{row.warning_id}"
    if row.event_id:
        return "/severed"
    if row.report_id:
        return f"/admin/reports/{row.report_id}"
    return post_path(view.author, view.object.id) if view else (people[0].url if people else "")


def _excerpt(view: ObjectView) -> str:
    row = view.object
    return row.title or row.summary or plain_text(row.content, 160) or _("(no text)")
