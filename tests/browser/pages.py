"""The list of pages, as the router has it: a route that is not named here makes the tests fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from support.servers import Person, eventually

NO_PAGES = {
    "/terms-of-service", "/terms-of-service/{day:str}",  # not there until someone writes them
    "/severed/{severance_id:int}/{which:str}", "/admin/servers/list.csv", "/settings/export/{name:str}",
    "/settings/export/archive.zip",
    "/favicon.ico", "/robots.txt", "/manifest.webmanifest", "/events", "/settings/two-factor/qr.svg",
    "/files/preparing", "/files/{media_id:int}/item",  # parts of pages, for scripts
    "/threads/{fetch_id:int}/state", "/communities/{group_id:int}/same",  # parts of pages
    "/{handle:str}/desk/export/{name:str}", "/write/offline.js",
    "/write/pictures/{media_id:int}", "/{handle:str}/blog-css", "/{handle:str}/sitemap.xml", "/sitemap.xml",
    "/letters/{token:str}", "/letters/{token:str}/leave",
    "/posts/{object_id:str}", "/posts/{object_id:int}/{verb:str}", "/authorize_interaction", "/",  # lead elsewhere
    "/signin/second", "/confirm/{token:str}", "/reset/{token:str}", "/setup/{code:str}",
}
"""Routes that show no page of their own, and those of the last line, whose secrets only the journeys in
`test_arriving` have: they look at them on the way."""

GUEST = (
    "/communities", "/communities/browse", "/@long_table", "/@long_table/modlog", "/@alice/{shared}",
    "/read", "/@crumbs_and_salt", "/@crumbs_and_salt/tagged/potluck", "/@crumbs_and_salt/who-we-are",
    "/@crumbs_and_salt/what-forty-litres-of-soup-taught-us", "/@crumbs_and_salt/a-table-that-goes-up-four-flights",
    "/signin", "/signup", "/reset", "/about", "/about/rules", "/privacy", "/local", "/search?q=kitchen", "/@alice",
    "/interact?uri={post_url}", "/invite/{invite}", "/@alice/{post}",
)
"""What is shown to someone who has not signed in."""

SIGNED_IN = (
    "/home", "/local", "/federated", "/tags/potluck", "/@alice", "/@alice/with_replies", "/@alice/media",
    "/@alice/followers", "/@bob/following", "/@bob", "/@carol@mastodon.example", "/@alice/{post}",
    "/@alice/{post}/history", "/compose", "/posts/{post}/reply", "/posts/{post}/quote", "/posts/{post}/quotes",
    "/posts/{post}/edit",
    "/posts/{post}/delete", "/posts/{bobs_post}/report", "/posts/{bobs_post}/moderate", "/people/{bob}/mute",
    "/people/{bob}/block", "/people/{bob}/report", "/requests", "/blocks", "/notifications", "/notifications/clear",
    "/conversations", "/conversations/{conversation}", "/search", "/search?q=kitchen", "/bookmarks", "/favourites",
    "/files",
    "/lists", "/lists/{list}", "/lists/{list}/edit?q=bob", "/lists/{list}/delete", "/design", "/settings",
    "/settings/profile", "/settings/preferences", "/settings/account", "/settings/sessions", "/settings/apps",
    "/settings/app-passwords", "/settings/two-factor", "/settings/passkeys",
    "/settings/export", "/settings/jobs", "/settings/import", "/settings/archive", "/settings/follows",
    "/settings/follows?side=followers&order=dormant", "/people/{bob}/options",
    "/settings/migration", "/settings/delete", "/admin",
    "/admin/emoji", "/admin/settings", "/admin/people", "/admin/people/{user}", "/admin/invites", "/admin/reports",
    "/admin/reports/{report}", "/admin/moderation", "/admin/actors/{bob}", "/admin/appeals/{appeal}", "/admin/audit",
    "/admin/rules", "/admin/spam", "/admin/spam/{spam}", "/admin/trends", "/admin/hashtags/{tag}", "/admin/blocks",
    "/admin/texts", "/admin/terms",
    "/admin/servers/list", "/admin/servers?only=allowed", "/admin/blocks?only=domains", "/admin/blocks?only=mailboxes",
    "/severed", "/admin/servers", "/admin/servers/mastodon.example", "/admin/queues", "/admin/storage",
    "/admin/jobs", "/admin/jobs?state=failed",
    "/explore", "/followed-tags", "/drafts", "/drafts/{draft}", "/settings/filters", "/settings/filters/new",
    "/settings/filters/{filter}", "/notifications/requests", "/announcements", "/admin/announcements",
    "/people/{bob}/note", "/posts/{bobs_post}/react",
    "/communities", "/communities?show=all&sort=top", "/communities/browse?q=table", "/communities/new",
    "/communities/bundles", "/communities/bundles/{bundle}", "/@long_table", "/@long_table/submit",
    "/communities/reports", "/@long_table/reports", "/communities/decisions",
    "/@long_table/moderate", "/@long_table/modlog", "/communities/modlog", "/@alice/{shared}", "/posts/{shared}/mod",
    "/posts/{shared}/revise", "/communities/submit", "/communities/submit?from={shared}",
    "/read?language=en", "/blogs", "/blogs/new", "/@crumbs_and_salt", "/@crumbs_and_salt/desk",
    "/@crumbs_and_salt/desk/comments", "/@crumbs_and_salt/desk/messages",
    "/@crumbs_and_salt/desk/messages/{message}", "/@crumbs_and_salt/desk/delete",
    "/@crumbs_and_salt/desk/import", "/@crumbs_and_salt/desk/export",
    "/posts/{written}/elsewhere",
    "/@crumbs_and_salt/what-forty-litres-of-soup-taught-us", "/posts/{written}/delete-article",
    "/write", "/write/{writing}", "/write/{writing}/history", "/write/{writing}/history/{version}",
    "/posts/{written}/article",
    "/@long_table/submit?from={shared}", "/deleted", "/posts/{taken_back}/restore",
    "/communities/drafts/{put_aside}",
    "/write", "/write/{writing}", "/write/{writing}/history", "/write/{writing}/history/{version}",
    "/posts/{written}/article",
)
"""What is shown to Alice, who administers the server."""

MODERATED = ("/strikes", "/strikes/{strike}")
"""What is shown to Bob, whom Alice has warned."""


@dataclass(frozen=True, slots=True)
class Example:
    """Something of everything there is a page for."""

    values: dict[str, str]

    def address(self, pattern: str) -> str:
        """A pattern of the lists above with its values filled in."""
        return pattern.format(**self.values)


async def examples(alice: Person, bob: Person) -> Example:
    """Make, or find, something of everything."""
    post = await alice.say("Looked at from all sides #potluck", poll={"options": ["a", "b"], "expires_in": 3600})
    await alice.call("PUT", f"/api/v1/statuses/{post['id']}", status="Looked at from all sides, twice #potluck",
                     poll={"options": ["a", "b"], "expires_in": 3600})
    bobs_post = await bob.say("@alice for the moderators")
    await bob.say("@alice a word in private", visibility="direct")
    await bob.say("@crumbs_and_salt is there rye?", visibility="direct")
    made = await alice.post("/api/v1/lists", title="Everyone")
    bob_id = bobs_post["account"]["id"]
    await alice.post(f"/api/v1/lists/{made['id']}/accounts", account_ids=[bob_id])
    await bob.post("/api/v1/reports", account_id=post["account"]["id"], status_ids=[post["id"]], comment="too tasty")

    async def conversations() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await alice.get("/api/v1/conversations")
        return found

    conversation = (await eventually(conversations))[0]
    return Example({"post": post["id"], "post_url": post["url"], "bobs_post": bobs_post["id"], "bob": bob_id,
                    "list": made["id"], "conversation": conversation["id"]})
