"""The composer as a record for its template: empty, as a reply, as a quote, as an edit, or as it was just sent."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from potluck.kinds.authoring import MAX_MEDIA
from potluck.kinds.note.actions import NoteRequest, PollRequest
from potluck.settings import current
from potluck.social import preferences
from potluck.social.errors import Invalid
from potluck.social.views import ObjectView
from potluck.social.visibility import DIRECT, FOLLOWERS, LOCAL, PUBLIC, UNLISTED
from potluck.web.attaching import ACCEPT, AttachedFile
from potluck.web.auth import Viewer
from potluck.web.forms import Form
from potluck.web.i18n import _, _l, post_languages, said
from potluck.web.presenters.people import full_handle
from potluck.web.presenters.posts import Poll, PollOption, Post, shown_post
from potluck.web.trusted import trusted_html

VISIBILITIES = (
    (PUBLIC, _l("Public")), (UNLISTED, _l("Quiet public")), (FOLLOWERS, _l("Followers only")),
    (DIRECT, _l("Only people mentioned")), (LOCAL, _l("This server only")),
)
_ORDER = (PUBLIC, UNLISTED, LOCAL, FOLLOWERS, DIRECT)
DURATIONS = (
    ("300", _l("5 minutes")), ("1800", _l("30 minutes")), ("3600", _l("1 hour")), ("21600", _l("6 hours")),
    ("86400", _l("1 day")), ("259200", _l("3 days")), ("604800", _l("7 days")),
)
MAX_OPTIONS = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a select."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class PollEditor:
    """The poll part of the composer."""

    options: list[str]
    multiple: bool = False
    expires: str = "86400"
    open: bool = False
    max_options: int = MAX_OPTIONS

    @property
    def durations(self) -> list[Choice]:
        """How long a poll may be open."""
        return [Choice(value, _(label)) for value, label in DURATIONS]


def _no_options() -> PollEditor:
    return PollEditor([""] * 4)


@dataclass(frozen=True, slots=True)
class Composer:
    """See `components/composer.html`."""

    action: str
    back: str
    visibility: str
    language: str
    text: str = ""
    warning: str = ""
    sensitive: bool = False
    edit: bool = False
    reply_to: Post | None = None
    reply_id: str = ""
    quote: Post | None = None
    quote_id: str = ""
    poll: PollEditor | None = field(default_factory=_no_options)
    files: list[AttachedFile] = field(default_factory=list)
    preview: Any = None
    errors: dict[str, str] = field(default_factory=dict)
    draft_key: str = "new"
    content_type: str = "text/plain"
    quote_policy: str = "public"
    draft_id: str = ""  # of a kept draft, which goes when the post is out
    publish_at: str = ""  # as `datetime-local` writes it, '' for now
    utc_offset: str = "0"  # minutes that the clock of `publish_at` is ahead of UTC

    @property
    def max_chars(self) -> int:
        """Longest text."""
        return current().max_characters

    @property
    def max_files(self) -> int:
        """Most files a post has."""
        return MAX_MEDIA

    @property
    def accept(self) -> str:
        """What the file chooser offers."""
        return ACCEPT

    @property
    def visibilities(self) -> list[Choice]:
        """Who may see it."""
        return [Choice(value, _(label)) for value, label in VISIBILITIES]

    @property
    def languages(self) -> list[Choice]:
        """Languages a post may be in."""
        known = [Choice(tag, name) for tag, name in post_languages()]
        if any(choice.value == self.language for choice in known):
            return known
        return [Choice(self.language, self.language), *known]


def blank(me: Viewer, *, back: str = "/home", text: str = "", visibility: str = "") -> Composer:
    """An empty composer, with the person's own habits."""
    habits = preferences.of(me.user)
    return Composer(action="/compose", back=back, text=text, sensitive=habits.sensitive,
                    visibility=visibility or habits.visibility,
                    language=habits.language or me.user.locale or current().language,
                    content_type=habits.content_type, quote_policy=habits.quote_policy)


def _narrower(one: str, other: str) -> str:
    """The visibility that fewer people can see."""
    return max(one, other, key=lambda word: _ORDER.index(word) if word in _ORDER else _ORDER.index(FOLLOWERS))


def for_reply(me: Viewer, view: ObjectView, *, back: str) -> Composer:
    """A reply: everyone in the conversation is named, and it is at most as public as what it answers."""
    base = blank(me, back=back)
    people = [actor for actor in (view.author, *view.mentions) if actor.id != me.actor.id]
    names = dict.fromkeys(full_handle(actor) if actor.host else f"@{actor.name}" for actor in people)
    row = view.object
    return replace(
        base, text="".join(f"{name} " for name in names), reply_to=shown_post(view, me), reply_id=str(row.id),
        warning=row.summary if row.title is None else "", sensitive=row.sensitive or base.sensitive,
        language=row.language or base.language, visibility=_narrower(base.visibility, row.visibility),
        draft_key=f"reply-{row.id}")


def for_quote(me: Viewer, view: ObjectView, *, back: str) -> Composer:
    """A post that quotes another."""
    return replace(blank(me, back=back), quote=shown_post(view, me), quote_id=str(view.object.id),
                   draft_key=f"quote-{view.object.id}")


def for_edit(me: Viewer, view: ObjectView, *, back: str) -> Composer:
    """An edit of one's own post."""
    row = view.object
    return replace(
        blank(me, back=back), action=f"/posts/{row.id}/edit", edit=True, text=row.source or "", warning=row.summary,
        sensitive=row.sensitive, visibility=row.visibility, language=row.language or current().language,
        content_type=row.source_type or "text/plain", quote_policy=row.quote_policy,
        quote=shown_post(view.quote, me) if view.quote else None, draft_key=f"edit-{row.id}")


def filled(base: Composer, form: Form, errors: dict[str, str]) -> Composer:
    """The composer as it was sent, with what was wrong with it."""
    options = [option[:200] for option in form.all("poll_option")][:MAX_OPTIONS]
    poll = base.poll and PollEditor(
        options + [""] * max(0, 4 - len(options)), form.flag("poll_multiple"),
        form.one_of("poll_expires", tuple(value for value, _label in DURATIONS), "86400"), any(options))
    kept = form.kept("text", "warning")
    return replace(
        base, text=kept["text"], warning=kept["warning"], sensitive=form.flag("sensitive"),
        visibility=form.one_of("visibility", tuple(value for value, _label in VISIBILITIES), base.visibility),
        language=_language(form, base.language), poll=poll, errors=errors,
        publish_at=form.text("publish_at", limit=40), utc_offset=str(_offset(form)))


def _offset(form: Form) -> int:
    """Minutes the writer's clock is ahead of UTC; pages without scripts speak UTC."""
    raw = form.text("utc_offset", limit=6)
    return int(raw) if re.fullmatch(r"-?[0-9]{1,3}", raw) and abs(int(raw)) <= 14 * 60 else 0


def publish_time(form: Form) -> datetime | None:
    """When a post is to come out, None for now.

    Raises:
        Invalid: what was sent is no time.
    """
    return moment_of("publish_at", form.text("publish_at", limit=40), _offset(form))


def moment_of(field_name: str, written: str, offset: int) -> datetime | None:
    """A time as `datetime-local` writes it, on a clock that is `offset` minutes ahead of UTC; None for ''.

    Raises:
        Invalid: it is no time.
    """
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) - timedelta(minutes=offset)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(field_name, "This is no time") from error


def for_kept(me: Viewer, wanted: NoteRequest, base: Composer, *, draft_id: int | None = None) -> Composer:
    """What was put aside or waits for its time, to go on with."""
    options = list(wanted.poll.options) if wanted.poll else []
    poll = PollEditor(options + [""] * max(0, 4 - len(options)), bool(wanted.poll and wanted.poll.multiple),
                      str(wanted.poll.expires_in) if wanted.poll else "86400", bool(options))
    return replace(
        base, text=wanted.text, warning=wanted.summary, sensitive=wanted.sensitive, visibility=wanted.visibility,
        language=wanted.language or base.language, content_type=wanted.content_type, poll=poll,
        quote_policy=wanted.quote_policy, draft_id=str(draft_id or ""), draft_key="")


_MODEL_FIELDS = {"status": "text", "spoiler_text": "warning", "poll": "poll_option", "scheduled_at": "publish_at"}


def form_errors(error: Invalid) -> dict[str, str]:
    """What a rule said about a field, under the name the field has in the form."""
    text = said(error).removeprefix("Validation failed: ")
    return {_MODEL_FIELDS.get(error.field, error.field): text}


@dataclass(frozen=True, slots=True)
class Preview:
    """The part of a `Post` that `post_body` draws."""

    html: Markup
    warning: str
    lang: str
    poll: Poll | None
    covered_by: str = ""
    unfolded: bool = True
    act: str = ""
    media: tuple[()] = ()
    sensitive: bool = False
    quote: None = None
    card: None = None
    embed: None = None
    tags: tuple[()] = ()


def shown_preview(html: str, wanted: NoteRequest) -> Preview:
    """How a post will look, from the HTML its text becomes."""
    poll = None
    if wanted.poll:
        options = [PollOption(Markup("{}").format(title), None, 0, False) for title in wanted.poll.options]
        poll = Poll(options, wanted.poll.multiple, False, 0, None, False)
    return Preview(trusted_html(html), wanted.summary, wanted.language or "", poll)


def _language(form: Form, default: str) -> str:
    wanted = form.text("language", limit=35)
    return wanted if any(wanted == tag for tag, _name in post_languages()) else default


def request_from(form: Form, base: Composer) -> NoteRequest:
    """What the kind `note` needs, from the form.

    Raises:
        Invalid: a field is too long.
    """
    options = [option for option in form.all("poll_option") if option]
    poll = None
    if options and base.poll is not None and not base.edit:
        seconds = form.one_of("poll_expires", tuple(value for value, _label in DURATIONS), "86400")
        poll = PollRequest(options=options, expires_in=int(seconds), multiple=form.flag("poll_multiple"),
                           hide_totals=False)
    return NoteRequest(
        text=form.text("text", limit=200_000), summary=form.text("warning", limit=500),
        visibility=base.visibility if base.edit else form.one_of(
            "visibility", tuple(value for value, _label in VISIBILITIES), base.visibility),
        sensitive=form.flag("sensitive"), language=_language(form, base.language),
        in_reply_to_id=int(base.reply_id) if base.reply_id else None,
        quote_id=int(base.quote_id) if base.quote_id else None, poll=poll, content_type=base.content_type,
        quote_policy=base.quote_policy)
