"""Every documented field of every entity, with its type, and `check`, which holds an answer against it.

The table is written from the API's documentation, not from our code. A type is a function that raises
`AssertionError` for a value that does not fit; `?` behind a key marks one that may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Type = Callable[[Any, str], None]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,3}Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _plain(kind: type | tuple[type, ...], name: str, *, also_bool: bool = False) -> Type:
    def check_plain(value: Any, where: str) -> None:
        fits = isinstance(value, kind) and (also_bool or not isinstance(value, bool))
        assert fits, f"{where}: expected {name}, got {value!r}"

    return check_plain


def _matching(pattern: re.Pattern[str], name: str) -> Type:
    def check_pattern(value: Any, where: str) -> None:
        assert isinstance(value, str), f"{where}: expected {name}, got {value!r}"
        assert pattern.fullmatch(value), f"{where}: expected {name}, got {value!r}"

    return check_pattern


text = _plain(str, "text")
whole = _plain(int, "a whole number")
number = _plain((int, float), "a number")
flag = _plain(bool, "true or false", also_bool=True)
record = _plain(dict, "an object")
ident = _matching(re.compile(r"\d{1,20}"), "an id")
digits = _matching(re.compile(r"\d+"), "digits as text")
time = _matching(_TIME, "a time")
date = _matching(_DATE, "a date")
url = _matching(re.compile(r"https?://\S+"), "an address")


def null(kind: Type) -> Type:
    """The type, or null."""

    def check_null(value: Any, where: str) -> None:
        if value is not None:
            kind(value, where)

    return check_null


def array(kind: Type) -> Type:
    """A list of the type."""

    def check_array(value: Any, where: str) -> None:
        assert isinstance(value, list), f"{where}: expected a list, got {value!r}"
        for index, item in enumerate(value):
            kind(item, f"{where}[{index}]")

    return check_array


def one_of(*words: str) -> Type:
    """One of these words."""

    def check_word(value: Any, where: str) -> None:
        assert value in words, f"{where}: expected one of {words}, got {value!r}"

    return check_word


def entity(name: str) -> Type:
    """An entity of the table."""

    def check_entity(value: Any, where: str) -> None:
        check(value, name, where)

    return check_entity


def check(value: Any, name: str, where: str = "") -> None:
    """Every field of entity `name` is there with a value of its type, and no other field."""
    where = f"{where}{'.' if where else ''}{name}"
    assert isinstance(value, dict), f"{where}: expected an object, got {value!r}"
    table = ENTITIES[name]
    required = {key for key in table if not key.endswith("?")}
    known = {key.removesuffix("?") for key in table}
    assert required <= value.keys(), f"{where}: without {sorted(required - value.keys())}"
    assert value.keys() <= known, f"{where}: unknown {sorted(value.keys() - known)}"
    for key, kind in table.items():
        if key.removesuffix("?") in value:
            kind(value[key.removesuffix("?")], f"{where}.{key}")


def check_all(values: Any, name: str) -> None:
    """A list of an entity."""
    array(entity(name))(values, "answer")


_ACCOUNT: dict[str, Type] = {
    "id": ident, "username": text, "acct": text, "display_name": text, "locked": flag, "bot": flag, "group": flag,
    "discoverable": null(flag), "indexable": flag, "noindex?": flag, "created_at": time, "note": text, "url": url,
    "uri": url, "avatar": url, "avatar_static": url, "header": url, "header_static": url, "followers_count": whole,
    "following_count": whole, "statuses_count": whole, "last_status_at": null(date), "hide_collections": null(flag),
    "emojis": array(entity("CustomEmoji")), "fields": array(entity("Field")), "roles?": array(entity("AccountRole")),
    "moved?": entity("Account"), "suspended?": flag, "limited?": flag, "memorial?": flag,
    "avatar_description": text, "header_description": text,
}
_STATUS: dict[str, Type] = {
    "id": ident, "uri": url, "created_at": time, "account": entity("Account"), "content": text,
    "visibility": one_of("public", "unlisted", "private", "direct"), "sensitive": flag, "spoiler_text": text,
    "url": null(url), "in_reply_to_id": null(ident), "in_reply_to_account_id": null(ident), "language": null(text),
    "edited_at": null(time), "reblog": null(entity("Status")), "poll": null(entity("Poll")),
    "card": null(entity("PreviewCard")), "quote": null(entity("Quote")),
    "media_attachments": array(entity("MediaAttachment")), "mentions": array(entity("Mention")),
    "tags": array(entity("StatusTag")), "emojis": array(entity("CustomEmoji")), "replies_count": whole,
    "reblogs_count": whole, "favourites_count": whole, "quotes_count": whole,
    "application?": entity("StatusApplication"), "favourited?": flag, "reblogged?": flag, "muted?": flag,
    "bookmarked?": flag, "pinned?": flag, "filtered?": array(entity("FilterResult")),
    "quote_approval": entity("QuoteApproval"),
    "text?": text,
}
_CARD: dict[str, Type] = {
    "url": url, "title": text, "description": text, "type": one_of("link", "photo", "video", "rich"),
    "author_name": text, "author_url": text, "provider_name": text, "provider_url": text, "html": text,
    "width": whole, "height": whole, "image": null(url), "embed_url": text, "blurhash": null(text),
    "language": null(text), "published_at": null(time), "image_description": text,
    "authors": array(entity("CardAuthor"))}
_LIMITS_OF_ACCOUNTS: dict[str, Type] = dict.fromkeys((
    "max_display_name_length", "max_note_length", "max_featured_tags", "max_pinned_statuses", "max_profile_fields",
    "profile_field_name_limit", "profile_field_value_limit"), whole)
_CONTEXT = one_of("home", "notifications", "public", "thread", "account")
_ACTION = one_of("warn", "hide", "blur")
_ACCESS = one_of("public", "authenticated", "disabled")

ENTITIES: dict[str, dict[str, Type]] = {
    "Account": _ACCOUNT,
    "MutedAccount": {**_ACCOUNT, "mute_expires_at": null(time)},
    "CredentialAccount": {**_ACCOUNT, "source": entity("Source"), "role": entity("Role")},
    "Source": {
        "note": text, "fields": array(entity("Field")), "sensitive": flag, "language": text,
        "privacy": one_of("public", "unlisted", "private", "direct"), "follow_requests_count": whole,
        "hide_collections": null(flag), "discoverable": null(flag), "indexable": flag,
        "attribution_domains": array(text), "quote_policy": one_of("public", "followers", "nobody")},
    "Field": {"name": text, "value": text, "verified_at": null(time)},
    "AccountRole": {"id": text, "name": text, "color": text},
    "Role": {"id": text, "name": text, "color": text, "permissions": digits, "highlighted": flag},
    "CustomEmoji": {"shortcode": text, "url": url, "static_url": url, "visible_in_picker": flag,
                    "category": null(text)},
    "Status": _STATUS,
    "SignedInStatus": {key.removesuffix("?") if key in {
        "favourited?", "reblogged?", "muted?", "bookmarked?", "filtered?"} else key: kind
        for key, kind in _STATUS.items()},
    "DeletedStatus": {**{key: kind for key, kind in _STATUS.items() if key != "text?"}, "text": text},
    "Filter": {
        "id": ident, "title": text, "context": array(_CONTEXT), "expires_at": null(time), "filter_action": _ACTION,
        "keywords": array(entity("FilterKeyword")), "statuses": array(entity("FilterStatus"))},
    "FilterInResult": {"id": ident, "title": text, "context": array(_CONTEXT), "expires_at": null(time),
                       "filter_action": _ACTION},
    "FilterResult": {"filter": entity("FilterInResult"), "keyword_matches": null(array(text)),
                     "status_matches": null(array(ident))},
    "FilterKeyword": {"id": ident, "keyword": text, "whole_word": flag},
    "FilterStatus": {"id": ident, "status_id": ident},
    "OldFilter": {"id": ident, "phrase": text, "context": array(_CONTEXT), "whole_word": flag,
                  "expires_at": null(time), "irreversible": flag},
    "StatusApplication": {"name": text, "website": null(text)},
    "Mention": {"id": ident, "username": text, "acct": text, "url": url},
    "StatusTag": {"name": text, "url": url},
    "QuoteApproval": {
        "automatic": array(one_of("public", "followers", "following", "unsupported_policy")),
        "manual": array(one_of("public", "followers", "following", "unsupported_policy")),
        "current_user": one_of("automatic", "manual", "denied", "unknown")},
    "Quote": {
        "state": one_of("pending", "accepted", "rejected", "revoked", "deleted", "unauthorized", "blocked_account",
                        "blocked_domain", "muted_account"),
        "quoted_status?": null(entity("Status")), "quoted_status_id?": null(ident)},
    "MediaAttachment": {
        "id": ident, "type": one_of("image", "video", "gifv", "audio", "unknown"), "url": null(url),
        "preview_url": null(url), "remote_url": null(url), "preview_remote_url": null(url), "text_url": null(url),
        "meta": record, "description": null(text), "blurhash": null(text)},
    "Poll": {
        "id": ident, "expires_at": null(time), "expired": flag, "multiple": flag, "votes_count": whole,
        "voters_count": null(whole), "options": array(entity("PollOption")), "emojis": array(entity("CustomEmoji")),
        "voted?": flag, "own_votes?": array(whole)},
    "PollOption": {"title": text, "votes_count": null(whole)},
    "PreviewCard": _CARD,
    "TrendsLink": {**_CARD, "history": array(entity("History"))},
    "CardAuthor": {"name": text, "url": text, "account": null(entity("Account"))},
    "ScheduledStatus": {"id": ident, "scheduled_at": time, "params": entity("ScheduledParams"),
                        "media_attachments": array(entity("MediaAttachment"))},
    "ScheduledParams": {
        "text": text, "poll": null(entity("ScheduledPoll")), "media_ids": null(array(ident)), "sensitive": null(flag),
        "spoiler_text": null(text), "visibility": one_of("public", "unlisted", "private", "direct"),
        "in_reply_to_id": null(ident), "language": null(text), "application_id": whole, "scheduled_at": null(time),
        "idempotency": null(text), "with_rate_limit": flag, "quoted_status_id": null(ident),
        "quote_approval_policy": null(one_of("public", "followers", "nobody"))},
    "ScheduledPoll": {"options": array(text), "expires_in": whole, "multiple": flag, "hide_totals": flag},
    "Context": {"ancestors": array(entity("Status")), "descendants": array(entity("Status"))},
    "StatusEdit": {
        "content": text, "spoiler_text": text, "sensitive": flag, "created_at": time, "account": entity("Account"),
        "media_attachments": array(entity("MediaAttachment")), "emojis": array(entity("CustomEmoji")),
        "poll?": record, "quote?": record},
    "Profile": {
        "id": ident, "display_name": text, "note": text, "fields": array(entity("Field")), "avatar": url,
        "avatar_static": url, "avatar_description": text, "header": url, "header_static": url,
        "header_description": text, "locked": flag, "bot": flag, "hide_collections": null(flag),
        "discoverable": null(flag), "indexable": flag, "show_media": flag, "show_media_replies": flag,
        "show_featured": flag, "attribution_domains": array(text), "featured_tags": array(entity("FeaturedTag"))},
    "Translation": {
        "content": text, "spoiler_text": text, "language": text, "detected_source_language": text, "provider": text,
        "poll": null(entity("TranslatedPoll")), "media_attachments": array(entity("TranslatedMedia"))},
    "TranslatedPoll": {"id": ident, "options": array(entity("TranslatedOption"))},
    "TranslatedOption": {"title": text},
    "TranslatedMedia": {"id": ident, "description": text},
    "OEmbed": {
        "type": one_of("rich"), "version": one_of("1.0"), "author_name": text, "author_url": url,
        "provider_name": text, "provider_url": url, "cache_age": whole, "html": text, "width": whole,
        "height": null(whole)},
    "StatusSource": {"id": ident, "text": text, "spoiler_text": text},
    "Relationship": {
        "id": ident, **dict.fromkeys((
            "following", "showing_reblogs", "notifying", "followed_by", "blocking", "blocked_by", "muting",
            "muting_notifications", "requested", "requested_by", "domain_blocking", "endorsed"), flag),
        "languages": null(array(text)), "note": text, "muting_expires_at": null(time)},
    "FamiliarFollowers": {"id": ident, "accounts": array(entity("Account"))},
    "Notification": {
        "id": ident, "type": one_of("mention", "status", "reblog", "follow", "follow_request", "favourite", "poll",
                                    "update", "admin.sign_up", "admin.report", "severed_relationships",
                                    "moderation_warning", "quote", "quoted_update"),
        "created_at": time, "group_key": _matching(re.compile(r"[A-Za-z0-9._:-]{1,100}"), "a group key"),
        "account": entity("Account"), "status?": entity("SignedInStatus"), "report?": entity("Report"),
        "event?": entity("SeveranceEvent"), "moderation_warning?": record, "filtered?": flag},
    "SeveranceEvent": {
        "id": ident, "type": one_of("domain_block", "user_domain_block", "account_suspension"), "purged": flag,
        "target_name": text, "followers_count": whole, "following_count": whole, "created_at": time},
    "NotificationRequest": {"id": ident, "created_at": time, "updated_at": time, "account": entity("Account"),
                            "notifications_count": digits, "last_status?": entity("SignedInStatus")},
    "GroupedNotifications": {
        "accounts": array(entity("Account")), "partial_accounts?": array(entity("PartialAccount")),
        "statuses": array(entity("SignedInStatus")), "notification_groups": array(entity("NotificationGroup"))},
    "PartialAccount": {"id": ident, "acct": text, "url": url, "avatar": url, "avatar_static": url, "locked": flag,
                       "bot": flag},
    "NotificationGroup": {
        "group_key": text, "notifications_count": whole, "type": text, "most_recent_notification_id": ident,
        "page_min_id?": ident, "page_max_id?": ident, "latest_page_notification_at?": time,
        "sample_account_ids": array(ident), "status_id?": ident, "report?": entity("Report"),
        "event?": entity("SeveranceEvent"), "moderation_warning?": record},
    "NotificationPolicy": {
        **dict.fromkeys(("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions",
                         "for_limited_accounts"), one_of("accept", "filter", "drop")),
        "summary": entity("NotificationPolicySummary")},
    "OldNotificationPolicy": {
        **dict.fromkeys(("filter_not_following", "filter_not_followers", "filter_new_accounts",
                         "filter_private_mentions"), flag), "summary": entity("NotificationPolicySummary")},
    "NotificationPolicySummary": {"pending_requests_count": whole, "pending_notifications_count": whole},
    "List": {"id": ident, "title": text, "replies_policy": one_of("followed", "list", "none"), "exclusive": flag},
    "Tag": {"id?": ident, "name": text, "url": url, "history": array(entity("History")), "following?": flag,
            "featuring?": flag},
    "History": {"day": digits, "uses": digits, "accounts": digits},
    "FeaturedTag": {"id": ident, "name": text, "url": url, "statuses_count": digits, "last_status_at": null(date)},
    "Marker": {"last_read_id": ident, "version": whole, "updated_at": time},
    "Conversation": {"id": ident, "unread": flag, "accounts": array(entity("Account")),
                     "last_status": null(entity("SignedInStatus"))},
    "Search": {"accounts": array(entity("Account")), "statuses": array(entity("Status")),
               "hashtags": array(entity("Tag"))},
    "Application": {"id": ident, "name": text, "website": null(text), "scopes": array(text),
                    "redirect_uris": array(text), "redirect_uri": text, "vapid_key": text},
    "CredentialApplication": {
        "id": ident, "name": text, "website": null(text), "scopes": array(text), "redirect_uris": array(text),
        "redirect_uri": text, "vapid_key": text, "client_id": text, "client_secret": text,
        "client_secret_expires_at": whole},
    "Token": {"access_token": text, "token_type": one_of("Bearer"), "scope": text, "created_at": whole},
    "Report": {
        "id": ident, "action_taken": flag, "action_taken_at": null(time),
        "category": one_of("spam", "legal", "violation", "other"), "comment": text, "forwarded": flag,
        "created_at": time, "status_ids": null(array(ident)), "rule_ids": null(array(ident)),
        "target_account": entity("Account")},
    "Preferences": {
        "posting:default:visibility": one_of("public", "unlisted", "private", "direct"),
        "posting:default:sensitive": flag, "posting:default:language": null(text),
        "posting:default:quote_policy": one_of("public", "followers", "nobody"),
        "reading:expand:media": one_of("default", "show_all", "hide_all"), "reading:expand:spoilers": flag,
        "reading:autoplay:gifs": flag},
    "Instance": {
        "domain": text, "title": text, "version": text, "source_url": url, "description": text, "usage": record,
        "thumbnail": record, "icon": array(record), "languages": array(text), "configuration": entity("Configuration"),
        "registrations": entity("Registrations"), "api_versions": record, "contact": entity("Contact"),
        "rules": array(entity("Rule"))},
    "Configuration": {
        "urls": entity("ConfigurationUrls"), "vapid": record, "accounts": entity("AccountLimits"),
        "statuses": entity("StatusLimits"), "media_attachments": entity("MediaLimits"),
        "polls": entity("PollLimits"), "translation": record, "timelines_access": entity("TimelinesAccess"),
        "limited_federation": flag},
    "ConfigurationUrls": {"streaming": _matching(re.compile(r"wss?://\S+"), "a socket"), "status": null(url),
                          "about": null(url), "privacy_policy": null(url), "terms_of_service": null(url)},
    "AccountLimits": _LIMITS_OF_ACCOUNTS,
    "StatusLimits": {"max_characters": whole, "max_media_attachments": whole, "characters_reserved_per_url": whole},
    "MediaLimits": {"supported_mime_types": array(text), **dict.fromkeys((
        "description_limit", "image_size_limit", "image_matrix_limit", "video_size_limit", "video_frame_rate_limit",
        "video_matrix_limit"), whole)},
    "PollLimits": dict.fromkeys(("max_options", "max_characters_per_option", "min_expiration", "max_expiration"),
                                whole),
    "TimelinesAccess": dict.fromkeys(("live_feeds", "hashtag_feeds", "trending_link_feeds"), entity("Access")),
    "Access": {"local": _ACCESS, "remote": _ACCESS},
    "Registrations": {"enabled": flag, "approval_required": flag, "reason_required": null(flag),
                      "message": null(text), "min_age": null(whole), "url": null(url)},
    "Contact": {"email": text, "account": null(entity("Account"))},
    "OldInstance": {
        "uri": text, "title": text, "short_description": text, "description": text, "email": text, "version": text,
        "urls": record, "stats": entity("Stats"), "thumbnail": null(url), "languages": array(text),
        "registrations": flag, "approval_required": flag, "invites_enabled": flag,
        "configuration": entity("OldConfiguration"), "contact_account": null(entity("Account")),
        "rules": array(entity("Rule"))},
    "OldConfiguration": {"accounts": entity("AccountLimits"), "statuses": entity("StatusLimits"),
                         "media_attachments": entity("MediaLimits"), "polls": entity("PollLimits")},
    "Stats": dict.fromkeys(("user_count", "status_count", "domain_count"), whole),
    "ExtendedDescription": {"updated_at": null(text), "content": text},
    "PrivacyPolicy": {"updated_at": time, "content": text},
    "TermsOfService": {"effective_date": date, "effective": flag, "content": text, "succeeded_by": null(date)},
    "Rule": {"id": ident, "text": text, "hint": text, "translations": record},
    "Announcement": {
        "id": ident, "content": text, "starts_at": null(time), "ends_at": null(time), "all_day": flag,
        "published_at": time, "updated_at": time, "read?": flag, "mentions": array(entity("Mention")),
        "statuses": array(entity("AnnouncementStatus")), "tags": array(entity("StatusTag")),
        "emojis": array(entity("CustomEmoji")), "reactions": array(entity("AnnouncementReaction"))},
    "AnnouncementStatus": {"id": ident, "url": url},
    "AnnouncementReaction": {"name": text, "count": whole, "me?": flag, "url?": url, "static_url?": url},
    "Suggestion": {"source": one_of("staff", "past_interactions", "global"), "sources": array(one_of(
        "featured", "most_followed", "most_interactions", "similar_to_recently_followed", "friends_of_friends")),
        "account": entity("Account")},
    "WebPushSubscription": {"id": ident, "endpoint": url, "standard": flag, "alerts": entity("PushAlerts"),
                            "policy": one_of("all", "followed", "follower", "none"), "server_key": text},
    "PushAlerts": dict.fromkeys((
        "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "quote",
        "quoted_update", "admin.sign_up", "admin.report"), flag),
    "DomainBlock": {"domain": text, "digest": text, "severity": one_of("silence", "suspend"), "comment?": text},
    "AdminAccount": {
        "id": ident, "username": text, "domain": null(text), "created_at": time, "email": null(text),
        "ip": null(text), "ips": array(entity("AdminIp")), "locale": null(text), "invite_request": null(text),
        "role": null(entity("Role")), "confirmed": flag, "approved": flag, "disabled": flag, "sensitized": flag,
        "silenced": flag, "suspended": flag, "account": entity("Account"), "invited_by_account_id?": ident},
    "AdminIp": {"ip": text, "used_at": time},
    "AdminReport": {
        "id": ident, "action_taken": flag, "action_taken_at": null(time), "comment": text, "forwarded": flag,
        "category": one_of("spam", "legal", "violation", "other"), "created_at": time, "updated_at": time,
        "account": entity("AdminAccount"), "target_account": entity("AdminAccount"),
        "assigned_account": null(entity("AdminAccount")), "action_taken_by_account": null(entity("AdminAccount")),
        "statuses": array(entity("Status")), "rules": array(entity("Rule"))},
    "AdminDomainBlock": {
        "id": ident, "domain": text, "digest": text, "created_at": time,
        "severity": one_of("noop", "silence", "suspend"), "reject_media": flag, "reject_reports": flag,
        "private_comment": null(text), "public_comment": null(text), "obfuscate": flag},
    "AdminDomainAllow": {"id": ident, "domain": text, "created_at": time},
    "AdminTag": {"id": ident, "name": text, "url": url, "history": array(entity("History")), "following": flag,
                 "featuring": flag, "trendable": flag, "usable": flag, "listable": flag, "requires_review": flag},
    "AdminTrendsStatus": {**_STATUS, "requires_review": flag},
    "AdminTrendsLink": {**_CARD, "id": ident, "history": array(entity("History")), "requires_review": flag},
    "AdminPublisher": {"id": ident, "domain": text, "trendable": flag, "reviewed_at": null(time),
                       "requested_review_at": time, "requires_review": flag},
    "AdminIpBlock": {
        "id": ident, "ip": text, "comment": text, "created_at": time, "expires_at": null(time),
        "severity": one_of("sign_up_requires_approval", "sign_up_block", "no_access")},
    "AdminEmailDomainBlock": {"id": ident, "domain": text, "created_at": time,
                              "history": array(entity("AdminAttempts"))},
    "AdminAttempts": {"day": digits, "accounts": digits, "uses": digits},
    "AdminCanonicalEmailBlock": {"id": ident, "canonical_email_hash": text},
    "AdminMeasure": {"key": text, "unit": null(text), "total": digits, "human_value?": text,
                     "previous_total?": digits, "data": array(entity("AdminMeasureDay"))},
    "AdminMeasureDay": {"date": time, "value": digits},
    "AdminDimension": {"key": text, "data": array(entity("AdminDimensionEntry"))},
    "AdminDimensionEntry": {"key": text, "human_key": text, "value": text, "unit?": text, "human_value?": text},
    "AdminCohort": {"period": time, "frequency": one_of("day", "month"), "data": array(entity("AdminCohortDay"))},
    "AdminCohortDay": {"date": time, "rate": number, "value": digits},
    "Error": {"error": text, "error_description?": text, "details?": record},
}
