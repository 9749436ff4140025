"""Namespaces, types, media types and the @context arrays that Potluck writes."""

from __future__ import annotations

from collections.abc import Mapping

AS = "https://www.w3.org/ns/activitystreams"
AS_PREFIX = f"{AS}#"
PUBLIC = f"{AS}#Public"
SECURITY_V1 = "https://w3id.org/security/v1"
DATA_INTEGRITY_V1 = "https://w3id.org/security/data-integrity/v1"
DATA_INTEGRITY_V2 = "https://w3id.org/security/data-integrity/v2"
MULTIKEY_V1 = "https://w3id.org/security/multikey/v1"
DID_V1 = "https://www.w3.org/ns/did/v1"
CID_V1 = "https://www.w3.org/ns/cid/v1"
WEBFINGER_CONTEXT = "https://purl.archive.org/socialweb/webfinger"

AS_JSON = "application/activity+json"
LD_JSON = f'application/ld+json; profile="{AS}"'

ACTOR_TYPES = frozenset({"Person", "Group", "Service", "Application", "Organization"})
COLLECTION_TYPES = frozenset({"Collection", "OrderedCollection"})
PAGE_TYPES = frozenset({"CollectionPage", "OrderedCollectionPage"})
LINK_TYPES = frozenset({"Link", "Mention", "Hashtag"})

# Namespaces by prefix. Mastodon's base for schema.org ends in "#"; everyone copies that (protocol §17).
NAMESPACES: Mapping[str, str] = {
    "as": AS_PREFIX,
    "toot": "http://joinmastodon.org/ns#",
    "ostatus": "http://ostatus.org#",
    "schema": "http://schema.org#",
    "sc": "http://schema.org#",
    "litepub": "http://litepub.social/ns#",
    "misskey": "https://misskey-hub.net/ns#",
    "fedibird": "http://fedibird.com/ns#",
    "gts": "https://gotosocial.org/ns#",
    "lemmy": "https://join-lemmy.org/ns#",
    "pt": "https://joinpeertube.org/ns#",
    "mz": "https://joinmobilizon.org/ns#",
    "bw": "https://joinbookwyrm.com/ns#",
    "fw": "https://funkwhale.audio/ns#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "sec": "https://w3id.org/security#",
    "pixelfed": "http://pixelfed.org/ns#",
    "fep044f": "https://w3id.org/fep/044f#",
}

_TERMS: Mapping[str, object] = {
    "toot": NAMESPACES["toot"],
    "ostatus": NAMESPACES["ostatus"],
    "schema": NAMESPACES["schema"],
    "litepub": NAMESPACES["litepub"],
    "misskey": NAMESPACES["misskey"],
    "fedibird": NAMESPACES["fedibird"],
    "gts": NAMESPACES["gts"],
    "lemmy": NAMESPACES["lemmy"],
    "pt": NAMESPACES["pt"],
    "mz": NAMESPACES["mz"],
    "bw": NAMESPACES["bw"],
    "fw": NAMESPACES["fw"],
    "pixelfed": NAMESPACES["pixelfed"],
    "vcard": NAMESPACES["vcard"],
    # as: terms that the ActivityStreams document itself does not define
    "Hashtag": "as:Hashtag",
    "sensitive": "as:sensitive",
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "quoteUrl": "as:quoteUrl",
    # Mastodon
    "Emoji": "toot:Emoji",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "featuredTags": {"@id": "toot:featuredTags", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "memorial": "toot:memorial",
    "suspended": "toot:suspended",
    "attributionDomains": {"@id": "toot:attributionDomains", "@type": "@id"},
    "showMedia": "toot:showMedia",
    "showRepliesInMedia": "toot:showRepliesInMedia",
    "showFeatured": "toot:showFeatured",
    "blurhash": "toot:blurhash",
    "focalPoint": {"@id": "toot:focalPoint", "@container": "@list"},
    "votersCount": "toot:votersCount",
    "atomUri": "ostatus:atomUri",
    "inReplyToAtomUri": "ostatus:inReplyToAtomUri",
    "conversation": "ostatus:conversation",
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    # Pleroma, Misskey, Fedibird
    "EmojiReact": "litepub:EmojiReact",
    "ChatMessage": "litepub:ChatMessage",
    "directMessage": "litepub:directMessage",
    "capabilities": "litepub:capabilities",
    "_misskey_quote": "misskey:_misskey_quote",
    "_misskey_reaction": "misskey:_misskey_reaction",
    "quoteUri": "fedibird:quoteUri",
    "searchableBy": {"@id": "fedibird:searchableBy", "@type": "@id"},
    # Quotes (FEP-044f) and interaction policies (GoToSocial)
    "quote": {"@id": "https://w3id.org/fep/044f#quote", "@type": "@id"},
    "quoteAuthorization": {"@id": "https://w3id.org/fep/044f#quoteAuthorization", "@type": "@id"},
    "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
    "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
    "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
    "canLike": {"@id": "gts:canLike", "@type": "@id"},
    "canReply": {"@id": "gts:canReply", "@type": "@id"},
    "canAnnounce": {"@id": "gts:canAnnounce", "@type": "@id"},
    "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
    "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
    "manualApproval": {"@id": "gts:manualApproval", "@type": "@id"},
    "approvedBy": {"@id": "gts:approvedBy", "@type": "@id"},
    "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
    "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
    # FEP-7888 / FEP-171b, FEP-844e
    "contextHistory": {"@id": "https://w3id.org/fep/171b/contextHistory", "@type": "@id"},
    "implements": {"@id": "https://w3id.org/fep/844e#implements", "@type": "@id"},
}

CONTEXT: tuple[object, ...] = (AS, SECURITY_V1, DATA_INTEGRITY_V1, dict(_TERMS))
"""The @context of every object and activity Potluck writes: every extension term is defined in it."""

ACTOR_CONTEXT: tuple[object, ...] = (
    AS,
    SECURITY_V1,
    DATA_INTEGRITY_V1,
    DID_V1,
    MULTIKEY_V1,
    WEBFINGER_CONTEXT,
    dict(_TERMS),
)
"""The @context of actor documents: as `CONTEXT`, with keys (FEP-521a) and handle (FEP-2c59)."""
