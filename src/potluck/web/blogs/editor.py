"""The editor of articles as a record for its template, and what its form says."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import msgspec

from potluck.kinds.article.bringing import MAX_TYPED
from potluck.kinds.article.drafts import COMMENTS, FORMATS, VISIBILITIES, AnId, Writing, from_words
from potluck.settings import current
from potluck.social import preferences
from potluck.social.draft_history import MAX_KEY, Save
from potluck.social.errors import Invalid
from potluck.social.model import KeptDraft
from potluck.social.visibility import FOLLOWERS, PUBLIC, UNLISTED
from potluck.text.longform import MAX_TEXT, count_words, minutes
from potluck.web.auth import Viewer
from potluck.web.blogs.pictures import Picture
from potluck.web.blogs.previewing import Preview
from potluck.web.composing import Choice
from potluck.web.forms import Form
from potluck.web.i18n import _, _l, post_languages
from potluck.web.presenters.times import Time, shown_time

_AUDIENCES = {PUBLIC: _l("Everyone, and in lists"), UNLISTED: _l("Everyone who has the address"),
              FOLLOWERS: _l("Followers only")}
_ADDRESS = re.compile(r"\]\([^()\s]*\)")  # of links and pictures in Markdown
_TAG = re.compile(r"<[^<>]*>")
_COMMENTS = {"": _l("As the blog says"), "open": _l("Everyone"), "approve": _l("Everyone, once an author has read it"),
             "closed": _l("Nobody")}
_FORMATS = {"text/markdown": "Markdown", "text/html": "HTML"}


@dataclass(frozen=True, slots=True)
class OtherText:
    """What somebody else saved meanwhile."""

    title: str
    text: str
    time: Time
    revision: int


@dataclass(frozen=True, slots=True)
class Editor:
    """See `blogs/write.html`."""

    words: Writing
    blogs: list[Choice]
    key: str
    by: str
    draft_id: int | None = None
    object_id: int | None = None
    base: int = 0
    saved: Time | None = None
    saved_by: str = ""
    files: list[Picture] = field(default_factory=list)
    preview: Preview | None = None
    errors: dict[str, str] = field(default_factory=dict)
    other: OtherText | None = None
    publish_at: str = ""
    utc_offset: str = "0"
    communities: list[Choice] = field(default_factory=list)  # the writer's own, to choose from

    @property
    def count(self) -> int:
        """How many words it has."""
        return count_words(_TAG.sub(" ", _ADDRESS.sub("]", self.words.text)))

    @property
    def minutes(self) -> int:
        """How long reading takes."""
        return minutes(self.count) if self.count else 0

    @property
    def visibilities(self) -> list[Choice]:
        """Who may read it."""
        return [Choice(value, _(_AUDIENCES[value])) for value in VISIBILITIES]

    @property
    def comment_rules(self) -> list[Choice]:
        """Who may comment."""
        return [Choice(value, _(label)) for value, label in _COMMENTS.items()]

    @property
    def formats(self) -> list[Choice]:
        """What may be written in."""
        return [Choice(value, label) for value, label in _FORMATS.items()]

    @property
    def languages(self) -> list[Choice]:
        """Languages an article may be in."""
        known = [Choice(tag, name) for tag, name in post_languages()]
        if any(choice.value == self.words.language for choice in known):
            return known
        return [Choice(self.words.language, self.words.language or _("Not said")), *known]


def word() -> str:
    """A new random word: names a draft before it has an id, or a page that saves."""
    return secrets.token_urlsafe(12)


def blank(me: Viewer) -> Writing:
    """An empty text, with the writer's own habits."""
    habits = preferences.of(me.user)
    return Writing(language=habits.language or me.user.locale or current().language, sensitive=habits.sensitive,
                   visibility=habits.visibility if habits.visibility in VISIBILITIES else PUBLIC)


def of_draft(row: KeptDraft, blogs: list[Choice], **more: Any) -> Editor:
    """The editor with a draft that was saved."""
    return Editor(
        from_words(row.request), blogs, key=row.key or f"draft-{row.id}", by=word(), draft_id=row.id,
        object_id=row.object_id, base=row.revision, saved=shown_time(row.updated_at), saved_by=row.saved_by or "",
        **more)


def writing_from(form: Form, default: Writing) -> Writing:
    """The text a form brings.

    Raises:
        Invalid: a field is too long.
    """
    languages = {tag for tag, _name in post_languages()}
    wanted = form.text("language", limit=35)
    return msgspec.structs.replace(
        default, title=form.text("title", limit=500), text=form.long("text", limit=MAX_TEXT),
        content_type=form.one_of("content_type", FORMATS, default.content_type),
        summary=form.text("summary", limit=2000), tags=form.text("tags", limit=1000),
        language=wanted if wanted in languages else default.language,
        visibility=form.one_of("visibility", VISIBILITIES, default.visibility), slug=form.text("slug", limit=120),
        blog_id=form.whole("blog_id"), sensitive=form.flag("sensitive"), warning=form.text("warning", limit=500),
        comments=form.one_of("comments", COMMENTS, default.comments), page=form.flag("page"),
        cover_id=form.whole("cover_id"), community=form.text("community", limit=MAX_TYPED))


def place_from(form: Form) -> Save:
    """Which draft a form is about, and on what its text is built."""
    return Save(base=form.whole("base", 0) or 0, by=form.text("by", limit=MAX_KEY), draft_id=form.whole("draft_id"),
                key=form.text("key", limit=MAX_KEY) or None, object_id=form.whole("object_id"),
                media_ids=form.wholes("media_id"), over=form.flag("over"))


class Sent(msgspec.Struct):
    """What the page sends to be saved while somebody writes."""

    words: Writing
    base: AnId = 0
    by: str = ""
    key: str | None = None
    draft_id: AnId | None = None
    object_id: AnId | None = None
    media_ids: list[AnId] = []
    over: bool = False

    def checked(self) -> Sent:
        """The same, if it can be used.

        Raises:
            Invalid: it cannot.
        """
        if len(self.by) > MAX_KEY or len(self.media_ids) > 200:
            raise Invalid("by", "This cannot be saved")
        if len(self.words.text) > MAX_TEXT or not _fits(self.words):
            raise Invalid("text", "This is too long", "too_long")
        return self

    @property
    def place(self) -> Save:
        """Which draft it is about."""
        return Save(base=self.base, by=self.by, key=self.key or None, draft_id=self.draft_id,
                    object_id=self.object_id, media_ids=self.media_ids, over=self.over)


def _fits(words: Writing) -> bool:
    return (len(words.title) <= 500 and len(words.summary) <= 2000 and len(words.tags) <= 1000
            and len(words.warning) <= 500 and words.comments in COMMENTS
            and len(words.community) <= MAX_TYPED and len(words.slug) <= 120 and len(words.language) <= 35
            and words.content_type in FORMATS and words.visibility in VISIBILITIES)


def words_of(body: bytes) -> Sent:
    """What a page has sent.

    Raises:
        Invalid: it is not of this shape.
    """
    try:
        return msgspec.json.decode(body, type=Sent).checked()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid("text", "This cannot be saved") from error
