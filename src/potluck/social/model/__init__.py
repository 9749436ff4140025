"""The tables of the shared model: who there is, what was said, and how people relate to both."""

from potluck.social.model.actors import Actor, ActorKey
from potluck.social.model.blogs import Article, ArticleComment, Blog, BlogAuthor, BlogSubscriber
from potluck.social.model.cards import (
    LinkPublisher,
    ObjectCard,
    PreviewCard,
    TrendDay,
    TrendingObject,
    TrendReview,
)
from potluck.social.model.communities import (
    Bundle,
    BundleMember,
    CommentPlace,
    Community,
    CommunityActivity,
    CommunityAppeal,
    CommunityBan,
    CommunityReport,
    GroupPost,
    ModAction,
    Moderator,
    PostFlair,
    PostHidden,
    PostRead,
)
from potluck.social.model.conversations import ConversationMessage
from potluck.social.model.feeds import FeedEntry, List, ListMember, Marker
from potluck.social.model.filters import Filter, FilterKeyword, FilterStatus
from potluck.social.model.gatekeeping import (
    CanonicalEmailBlock,
    EmailDomainBlock,
    HeldObject,
    IpBlock,
    SpamRule,
)
from potluck.social.model.imports import ImportedPost
from potluck.social.model.live import LiveEvent, Wakeup
from potluck.social.model.moderation import (
    Appeal,
    AuditEntry,
    DomainPolicy,
    ModerationNote,
    Report,
    SeveredFollow,
    Strike,
)
from potluck.social.model.notifications import (
    Conversation,
    Notification,
    NotificationPermission,
    NotificationPolicy,
    NotificationRequest,
    Severance,
)
from potluck.social.model.objects import (
    Announce,
    Bookmark,
    CustomEmoji,
    FeaturedTag,
    Hashtag,
    HashtagFollow,
    Media,
    Mention,
    Object,
    ObjectDocument,
    ObjectTag,
    Pin,
    Reaction,
    Revision,
    Tombstone,
)
from potluck.social.model.push import PushMessage, PushSubscription
from potluck.social.model.relations import (
    AccountNote,
    Block,
    DomainMute,
    Endorsement,
    Follow,
    Mute,
    ThreadMute,
)
from potluck.social.model.scheduled import KeptDraft, KeptDraftVersion, RemovedPost, ScheduledPost
from potluck.social.model.search import PostIndex, PostIndexFill
from potluck.social.model.servers import Server
from potluck.social.model.site import (
    Announcement,
    AnnouncementDismissal,
    AnnouncementReaction,
    KeptValue,
    ServerRule,
    SiteText,
    SuggestionDismissal,
    Terms,
)
from potluck.social.model.threads import ThreadFetch
from potluck.social.model.users import (
    AppPassword,
    EmailToken,
    Invite,
    OAuthApp,
    OAuthCode,
    OAuthToken,
    Passkey,
    User,
    WebSession,
)

__all__ = [
    "AccountNote", "Actor", "ActorKey", "Announce", "Announcement", "AnnouncementDismissal", "AnnouncementReaction",
    "AppPassword", "Appeal", "Article", "ArticleComment", "AuditEntry", "Block", "Blog", "BlogAuthor",
    "BlogSubscriber", "Bookmark", "Bundle", "BundleMember", "CanonicalEmailBlock", "CommentPlace", "Community",
    "CommunityActivity", "CommunityAppeal", "CommunityBan", "CommunityReport",
    "Conversation", "ConversationMessage", "CustomEmoji",
    "DomainMute",
    "DomainPolicy", "EmailDomainBlock", "EmailToken", "Endorsement", "FeaturedTag", "FeedEntry", "Filter",
    "FilterKeyword", "FilterStatus", "Follow", "GroupPost", "Hashtag", "HashtagFollow", "HeldObject",
    "ImportedPost", "Invite", "IpBlock", "KeptDraft", "KeptDraftVersion", "KeptValue", "LinkPublisher", "List",
    "ListMember", "LiveEvent", "Marker", "Media", "Mention", "ModAction", "ModerationNote", "Moderator", "Mute",
    "Notification", "NotificationPermission", "NotificationPolicy", "NotificationRequest", "OAuthApp", "OAuthCode",
    "OAuthToken", "Object", "ObjectCard", "ObjectDocument", "ObjectTag", "Passkey", "Pin", "PostFlair",
    "PostHidden",
    "PostIndex", "PostIndexFill", "PostRead", "PreviewCard", "PushMessage", "PushSubscription", "Reaction",
    "RemovedPost", "Report", "Revision", "ScheduledPost", "Server", "ServerRule", "Severance", "SeveredFollow",
    "SiteText", "SpamRule", "Strike", "SuggestionDismissal", "Terms", "ThreadFetch", "ThreadMute", "Tombstone",
    "TrendDay", "TrendReview", "TrendingObject", "User", "Wakeup", "WebSession",
]
