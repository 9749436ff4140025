"""Communities as documents: what a Group says beyond what every actor says, and what a moderator wants it to say."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from potluck.federation.reading import natural_text, source_of
from potluck.federation.vocabulary import Document, boolean, get, get_list, tags_of, text, type_of
from potluck.federation.writing import language_entry
from potluck.social.communities import making
from potluck.social.communities.making import Wishes
from potluck.social.model import Actor, Community
from potluck.text.sanitise import to_plain_text

FLAIR_TYPES = frozenset({"CommunityPostTag", "CommunityTag", "lemmy:CommunityTag"})
MAX_LANGUAGES = 200


def terms(group: Actor) -> dict[str, Any]:
    """What makes a Group a community for Lemmy and its kin; the shapes are strict (forum §2)."""
    known = group.extra.get("community") or {}
    found: dict[str, Any] = {
        "attributedTo": f"{group.uri}/moderators", "sensitive": bool(known.get("sensitive")),
        "postingRestrictedToMods": bool(known.get("posting_restricted")), "mediaType": "text/html",
        "language": [language_entry(tag) for tag in known.get("languages", ())]}
    if group.summary_source:
        found["source"] = {"content": group.summary_source, "mediaType": "text/markdown"}
    flairs = [flair_tag(group, flair) for flair in known.get("flairs", ())]
    if flairs:
        found["tag"] = flairs
    return found


def flair_tag(group: Actor, flair: dict[str, Any]) -> dict[str, Any]:
    """A flair as Lemmy 1.0 writes it, in its community and at a post."""
    name = str(flair["name"])
    tag = {"type": "CommunityPostTag", "id": f"{group.uri}/flairs/{quote(name, safe='')}", "preferredUsername": name,
           "name": name}
    return tag | ({"color": flair["color"]} if flair.get("color") else {})


def flairs_of(document: Document) -> list[str]:
    """Names of the flairs of a post (Lemmy 1.0, PieFed)."""
    found = []
    for tag in tags_of(document).other:
        if type_of(tag) in FLAIR_TYPES:
            named = (text(get(tag, name)) for name in ("name", "display_name", "preferredUsername"))
            found.append(next((name.strip()[:making.MAX_FLAIR] for name in named if name and name.strip()), ""))
    return [name for name in dict.fromkeys(found) if name]


def wishes(document: Document, group: Actor, current: Community) -> Wishes:
    """What a moderator elsewhere wants one of our communities to be like; what Lemmy does not know stays as it is."""
    source, _ = source_of(document)
    description = source if source is not None else to_plain_text(natural_text(document, "summary"))
    title = " ".join(to_plain_text(natural_text(document, "name")).split())[:making.MAX_TITLE]
    restricted = boolean(get(document, "postingRestrictedToMods"))
    posting = "moderators" if restricted else "everyone" if current.posting == "moderators" else current.posting
    languages = [tag for entry in get_list(document, "language")[:MAX_LANGUAGES]
                 if (tag := text(get(entry, "identifier"))) and tag != "und"]
    return Wishes(
        title or group.display_name, description[:making.MAX_DESCRIPTION], posting, current.visibility,
        boolean(get(document, "sensitive")), current.downvotes, current.rules, languages, current.flairs)
