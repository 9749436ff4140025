"""How somebody reads with Lemmy's apps: what apps keep on the server, beside our own preferences.

Kept in `User.preferences["lemmy"]`; what was never set has its default.
"""

from __future__ import annotations

from typing import Any

from potluck.apis.lemmy.words import LISTINGS, SORTS, Json, moment, there
from potluck.social.model import Actor, User

KEY = "lemmy"
DEFAULTS: Json = {
    "show_nsfw": False, "theme": "browser", "default_sort_type": "Active", "default_listing_type": "All",
    "interface_language": "browser", "show_avatars": True, "send_notifications_to_email": False, "show_scores": True,
    "show_bot_accounts": True, "show_read_posts": True, "open_links_in_new_tab": False, "blur_nsfw": True,
    "auto_expand": False, "infinite_scroll_enabled": False, "post_listing_mode": "List",
    "enable_keyboard_navigation": False, "enable_animated_images": True, "collapse_bot_comments": False,
}
CHOICES: dict[str, tuple[str, ...]] = {
    "default_sort_type": tuple(SORTS), "default_listing_type": tuple(LISTINGS),
    "post_listing_mode": ("List", "Card", "SmallCard")}
VOTES: Json = {"show_scores": True, "show_upvotes": True, "show_downvotes": True, "show_upvote_percentage": False}
LANGUAGES = "discussion_languages"
LONGEST = 60


def of(user: User | None) -> Json:
    """A person's settings for Lemmy's apps; the defaults for nobody."""
    kept = user.preferences.get(KEY, {}) if user else {}
    return {name: kept[name] if _fits(name, kept.get(name)) else default for name, default in DEFAULTS.items()}


def _fits(name: str, value: Any) -> bool:
    if name in CHOICES:
        return value in CHOICES[name]
    return isinstance(value, type(DEFAULTS[name])) and (not isinstance(value, str) or len(value) <= LONGEST)


def fits(name: str, value: Any) -> bool:
    """Whether a setting is one of them and can have a value."""
    return name in DEFAULTS and _fits(name, value)


def languages_of(user: User) -> list[int]:
    """The languages somebody reads, by number; all if there are none."""
    kept = user.preferences.get(KEY, {}).get(LANGUAGES)
    return [number for number in kept if isinstance(number, int)] if isinstance(kept, list) else []


def local_user(user: User, actor: Actor, *, admin: bool) -> Json:
    """LocalUser."""
    return there({
        "id": user.id, "person_id": actor.id, "email": user.email, **of(user),
        "email_verified": user.confirmed_at is not None, "accepted_application": user.approved_at is not None,
        "admin": admin, "totp_2fa_enabled": user.totp_enabled_at is not None,
        "last_donation_notification": moment(user.created_at)})


def vote_display(user: User) -> Json:
    """LocalUserVoteDisplayMode."""
    kept = {**VOTES, **user.preferences.get(KEY, {})}
    return {"local_user_id": user.id, "score": bool(kept["show_scores"]), "upvotes": bool(kept["show_upvotes"]),
            "downvotes": bool(kept["show_downvotes"]), "upvote_percentage": bool(kept["show_upvote_percentage"])}
