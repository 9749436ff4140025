"""How a person posts and reads: one typed record, kept in `User.preferences`; what is not set has its default."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.social import visibility as visibilities
from potluck.social.accounts import tokens
from potluck.social.errors import Invalid
from potluck.social.model import User
from potluck.text.languages import normalise_language


@dataclass(frozen=True, slots=True)
class Preferences:
    """A person's preferences.

    Attributes:
        visibility: of new posts (see `social.visibility`).
        sensitive: whether media of new posts are marked sensitive.
        language: of new posts (BCP 47); None for that of the pages.
        quote_policy: who may quote new posts: public, followers, nobody.
        content_type: of what is typed: text/plain or text/markdown.
        expand_media: which media are shown at once: default (not the sensitive), show_all, hide_all.
        expand_spoilers: whether posts with a content warning are shown unfolded.
        autoplay_gifs: whether silent loops play by themselves (unless the device asks for calm).
        hide_scores: whether pages keep from the reader how others voted in communities.
        mail_follow: mail about new followers. Likewise mail_request, mail_mention, mail_report (for moderators),
            mail_signup (for moderators, where sign-ups are approved).
    """

    visibility: str = visibilities.PUBLIC
    sensitive: bool = False
    language: str | None = None
    quote_policy: str = "public"
    content_type: str = "text/plain"
    expand_media: str = "default"
    expand_spoilers: bool = False
    autoplay_gifs: bool = True
    hide_scores: bool = False
    mail_follow: bool = False
    mail_request: bool = True
    mail_mention: bool = False
    mail_report: bool = True
    mail_signup: bool = True


_CHOICES: dict[str, tuple[str, ...]] = {
    "visibility": (visibilities.PUBLIC, visibilities.UNLISTED, visibilities.FOLLOWERS, visibilities.DIRECT,
                   visibilities.LOCAL),
    "quote_policy": ("public", "followers", "nobody"),
    "content_type": ("text/plain", "text/markdown"),
    "expand_media": ("default", "show_all", "hide_all"),
}
_DEFAULTS = Preferences()
_NAMES = tuple(field.name for field in fields(Preferences))


def of(user: User) -> Preferences:
    """A person's preferences. What an older version stored and this one does not know is passed over."""
    return Preferences(**{
        name: value for name, value in user.preferences.items() if name in _NAMES and _fits(name, value)})


def _fits(name: str, value: Any) -> bool:
    if name in _CHOICES:
        return value in _CHOICES[name]
    if name == "language":
        return value is None or isinstance(value, str)
    return isinstance(value, bool)


async def change(session: AsyncSession, user: User, **changes: Any) -> Preferences:
    """Change some preferences.

    Raises:
        Invalid: a value cannot be used.
    """
    row = await session.get_one(User, user.id)
    kept = dict(row.preferences)
    for name, wanted in changes.items():
        value = wanted
        if name == "language" and value is not None:
            value = normalise_language(value)
            if value is None:
                raise Invalid("language", "Validation failed: Language is invalid")
        if name not in _NAMES or not _fits(name, value):
            raise Invalid(name, f"Validation failed: {name.replace('_', ' ').capitalize()} is not included in the list")
        if value == getattr(_DEFAULTS, name):
            kept.pop(name, None)  # a default that changes later counts for those who never chose
        else:
            kept[name] = value
    row.preferences = kept
    await session.flush()
    tokens.forget_user(session, row.id)
    return of(row)
