"""What every call that reads answers: path as the server has it -> query, and the type of the answer.

`{name}` in paths and queries is filled in from the scene of `test_contract`. Written from the API's documentation.
"""

from __future__ import annotations

from .fields import Type, array, digits, entity, flag, one_of, record, text, whole


def record_of(**types: Type) -> Type:
    """An object with exactly these fields."""

    def check_record(value: object, where: str) -> None:
        assert isinstance(value, dict), f"{where}: expected an object, got {value!r}"
        assert value.keys() == types.keys(), f"{where}: {sorted(value)} instead of {sorted(types)}"
        for key, kind in types.items():
            kind(value[key], f"{where}.{key}")

    return check_record


def map_of(kind: Type, *keys: str) -> Type:
    """An object with these keys, all of one type; without keys any."""

    def check_map(value: object, where: str) -> None:
        assert isinstance(value, dict), f"{where}: expected an object, got {value!r}"
        assert not keys or set(value) == set(keys), f"{where}: {sorted(value)}"
        for key, item in value.items():
            kind(item, f"{where}.{key}")

    return check_map


_count = record_of(count=whole)
_status, _statuses = entity("SignedInStatus"), array(entity("SignedInStatus"))
_account, _accounts = entity("Account"), array(entity("Account"))

READS: dict[str, tuple[str, Type]] = {
    "/api/v1/apps/verify_credentials": ("", entity("Application")),
    "/oauth/userinfo": ("", map_of(text, "iss", "sub", "name", "preferred_username", "profile", "picture")),
    "/.well-known/oauth-authorization-server": ("", record),
    "/api/v2/instance": ("", entity("Instance")),
    "/api/v1/instance": ("", entity("OldInstance")),
    "/api/v1/instance/peers": ("", array(text)),
    "/api/v1/instance/activity": ("", array(map_of(digits, "week", "statuses", "logins", "registrations"))),
    "/api/v1/instance/domain_blocks": ("", array(entity("DomainBlock"))),
    "/api/v1/custom_emojis": ("", array(entity("CustomEmoji"))),
    "/api/v1/directory": ("order=new", _accounts),
    "/api/v1/instance/rules": ("", array(entity("Rule"))),
    "/api/v1/instance/extended_description": ("", entity("ExtendedDescription")),
    "/api/v1/instance/privacy_policy": ("", entity("PrivacyPolicy")),
    "/api/v1/instance/terms_of_service": ("", entity("TermsOfService")),
    "/api/v1/instance/terms_of_service/{day}": ("", entity("TermsOfService")),
    "/api/v1/instance/translation_languages": ("", map_of(array(text))),
    "/api/v1/instance/languages": ("", array(map_of(text, "code", "name"))),
    "/api/v1/announcements": ("", array(entity("Announcement"))),
    "/api/v1/accounts/verify_credentials": ("", entity("CredentialAccount")),
    "/api/v1/preferences": ("", entity("Preferences")),
    "/api/v1/profile": ("", entity("Profile")),
    "/api/v1/emails/check_confirmation": ("", flag),
    "/api/v1/accounts/{id}": ("", _account),
    "/api/v1/accounts": ("id[]={id}&id[]={remote}", _accounts),
    "/api/v1/accounts/lookup": ("acct=bob", _account),
    "/api/v1/accounts/search": ("q=bob", _accounts),
    "/api/v1/accounts/relationships": ("id[]={id}", array(entity("Relationship"))),
    "/api/v1/accounts/familiar_followers": ("id[]={id}", array(entity("FamiliarFollowers"))),
    "/api/v1/accounts/{id}/statuses": ("", _statuses),
    "/api/v1/accounts/{id}/followers": ("", _accounts),
    "/api/v1/accounts/{id}/following": ("", _accounts),
    "/api/v1/accounts/{id}/featured_tags": ("", array(entity("FeaturedTag"))),
    "/api/v1/accounts/{id}/lists": ("", array(entity("List"))),
    "/api/v1/accounts/{id}/identity_proofs": ("", array(record)),
    "/api/v1/accounts/{id}/endorsements": ("", _accounts),
    "/api/v1/follow_requests": ("", _accounts),
    "/api/v1/mutes": ("", array(entity("MutedAccount"))),
    "/api/v1/blocks": ("", _accounts),
    "/api/v1/domain_blocks": ("", array(text)),
    "/api/v1/domain_blocks/preview": ("domain=far.example", map_of(whole, "following_count", "followers_count")),
    "/api/v1/endorsements": ("", _accounts),
    "/api/v2/suggestions": ("", array(entity("Suggestion"))),
    "/api/v1/suggestions": ("", _accounts),
    "/api/v1/statuses/{status}": ("", _status),
    "/api/v1/statuses": ("id[]={status}&id[]={far}", _statuses),
    "/api/v1/statuses/{status}/context": ("", entity("Context")),
    "/api/v1/statuses/{own}/source": ("", entity("StatusSource")),
    "/api/v1/statuses/{own}/history": ("", array(entity("StatusEdit"))),
    "/api/v1/statuses/{linking}/card": ("", entity("PreviewCard")),
    "/api/v1/statuses/{own}/reblogged_by": ("", _accounts),
    "/api/v1/statuses/{own}/favourited_by": ("", _accounts),
    "/api/v1/statuses/{own}/quotes": ("", _statuses),
    "/api/v1/scheduled_statuses": ("", array(entity("ScheduledStatus"))),
    "/api/v1/scheduled_statuses/{scheduled}": ("", entity("ScheduledStatus")),
    "/api/v1/polls/{poll}": ("", entity("Poll")),
    "/api/v1/timelines/home": ("", _statuses),
    "/api/v1/timelines/public": ("", _statuses),
    "/api/v1/timelines/tag/{tag}": ("", _statuses),
    "/api/v1/timelines/list/{list}": ("", _statuses),
    "/api/v1/timelines/link": ("url=https://news.example/soup", _statuses),
    "/api/v1/timelines/direct": ("", _statuses),
    "/api/v1/favourites": ("", _statuses),
    "/api/v1/bookmarks": ("", _statuses),
    "/api/v2/search": ("q=cake", entity("Search")),
    "/api/v1/search": ("q=cake", record_of(accounts=array(entity("Account")), statuses=array(entity("Status")),
                                           hashtags=array(text))),
    "/api/v1/tags/{tag}": ("", entity("Tag")),
    "/api/v1/followed_tags": ("", array(entity("Tag"))),
    "/api/v1/featured_tags": ("", array(entity("FeaturedTag"))),
    "/api/v1/featured_tags/suggestions": ("", array(entity("Tag"))),
    "/api/v1/trends": ("", array(entity("Tag"))),
    "/api/v1/trends/tags": ("", array(entity("Tag"))),
    "/api/v1/trends/statuses": ("", _statuses),
    "/api/v1/trends/links": ("", array(entity("TrendsLink"))),
    "/api/v1/lists": ("", array(entity("List"))),
    "/api/v1/lists/{list}": ("", entity("List")),
    "/api/v1/lists/{list}/accounts": ("", _accounts),
    "/api/v1/markers": ("timeline[]=home", map_of(entity("Marker"), "home")),
    "/api/v1/conversations": ("", array(entity("Conversation"))),
    "/api/v1/notifications/requests": ("", array(entity("NotificationRequest"))),
    "/api/v1/notifications/requests/merged": ("", record_of(merged=flag)),
    "/api/v1/notifications/requests/{request}": ("", entity("NotificationRequest")),
    "/api/v2/notifications/policy": ("", entity("NotificationPolicy")),
    "/api/v1/notifications/policy": ("", entity("OldNotificationPolicy")),
    "/api/v1/notifications": ("", array(entity("Notification"))),
    "/api/v1/notifications/{notification}": ("", entity("Notification")),
    "/api/v1/notifications/unread_count": ("", _count),
    "/api/v2/notifications": ("", entity("GroupedNotifications")),
    "/api/v2/notifications/{group}": ("", entity("GroupedNotifications")),
    "/api/v2/notifications/{group}/accounts": ("", _accounts),
    "/api/v2/notifications/unread_count": ("", _count),
    "/api/v2/filters": ("", array(entity("Filter"))),
    "/api/v2/filters/{filter}": ("", entity("Filter")),
    "/api/v2/filters/{filter}/keywords": ("", array(entity("FilterKeyword"))),
    "/api/v2/filters/keywords/{keyword}": ("", entity("FilterKeyword")),
    "/api/v2/filters/{filter}/statuses": ("", array(entity("FilterStatus"))),
    "/api/v2/filters/statuses/{caught}": ("", entity("FilterStatus")),
    "/api/v1/filters": ("", array(entity("OldFilter"))),
    "/api/v1/filters/{keyword}": ("", entity("OldFilter")),
    "/api/v1/push/subscription": ("", entity("WebPushSubscription")),
    "/api/oembed": ("url={url}", entity("OEmbed")),
    "/api/v1/annual_reports": ("", array(record)),
    "/api/v1/annual_reports/{year}/state": ("", record_of(state=one_of("ineligible"))),
}

ELSEWHERE = ("/api/v1/admin", "/api/v2/admin", "/api/v1/streaming", "/api/v1/media", "/api/v1_alpha",
             "/oauth/authorize", "/api/v1/annual_reports/{}")
"""Held by tests of their own: administration, streams, uploads, passing work, pages; and what is never there."""
