"""What apps find on the pages of profiles and blogs, and what people find about those apps in their settings."""

from __future__ import annotations

from httpx import ASGITransport, AsyncClient, Response

from potluck.settings import current
from potluck.social.accounts import oauth_apps, tokens
from potluck.social.blogs import making
from potluck.social.communities import making as communities
from potluck.social.communities.making import Wishes as CommunityWishes
from potluck.social.model import Actor, User
from potluck.web.blogs.domains import OwnDomains
from web.conftest import Site

URL = "https://potluck.test"
LINKS = {"indieauth-metadata": "/.well-known/oauth-authorization-server", "authorization_endpoint": "/oauth/authorize",
         "token_endpoint": "/oauth/token", "micropub": "/micropub"}


def has_links(found: Response) -> bool:
    """Whether a page names where apps sign in and write; in its head and its header alike."""
    heads = [f'<link rel="{rel}" href="{URL}{path}">' in found.text for rel, path in LINKS.items()]
    headers = [f'<{URL}{path}>; rel="{rel}"' in found.headers.get("link", "") for rel, path in LINKS.items()]
    assert heads == headers
    assert len({*heads}) == 1
    return heads[0]


async def test_pages_name_where_apps_sign_in(site: Site) -> None:
    """Profiles and blogs do, closed ones and those under a domain of their own too; nobody else's pages do."""
    async with site.database.write() as session:
        alice = await session.get_one(Actor, site.cast.alice.id)
        for name, wishes in (("crumbs", making.Wishes(title="Crumbs", domain="crumbs.example")),
                             ("cellar", making.Wishes(title="Cellar", visibility="private"))):
            await making.create(session, alice, name, wishes)
        await communities.create(session, alice, "bakers", CommunityWishes(title="Bakers"))
    guest = site.guest()
    for path in ("/@alice", "/@alice", "/@crumbs", "/@cellar"):  # the second time it is a kept page
        assert has_links(await guest.get(path)), path
    for path in ("/@bakers", "/@carol@carol.example", "/about"):
        found = await guest.get(path)
        assert "micropub" not in found.text
        assert "link" not in found.headers
    served = OwnDomains(site.app, lambda: site.database, current)
    async with AsyncClient(transport=ASGITransport(served), base_url="https://crumbs.example") as client:
        assert has_links(await client.get("/"))
        away = await client.post("/micropub")
        assert (away.status_code, away.headers["location"]) == (302, f"{URL}/micropub")


async def test_apps_in_the_settings(site: Site) -> None:
    """An app that was let into a blog is listed with its name, and signed out there."""
    async with site.database.write() as session:
        user = await session.get_one(User, site.cast.alice.owner_id)
        blog = await making.create(session, await session.get_one(Actor, site.cast.alice.id), "crumbs",
                                   making.Wishes(title="Crumbs"))
        app = await oauth_apps.remember(session, "https://quill.test/", "micropub", name="Quill", website=None,
                                        redirect_uri="https://quill.test/back", scopes=["create"])
        made = await tokens.issue(session, user, ["create"], app=app, family="micropub", site_id=blog.id)
    browser = await site.browser(site.cast.alice)
    page = (await browser.get("/settings/apps")).text
    assert "<b>Quill</b>" in page
    assert "@crumbs@potluck.test" in page
    await browser.post(f"/settings/apps/{app.id}/revoke")
    assert "Quill" not in (await browser.get("/settings/apps")).text
    async with site.database.read() as session:
        assert await tokens.authenticate(session, made.secret) is None


async def test_a_token_for_writing(site: Site) -> None:
    """Made by hand for a profile or a blog one writes in, shown once with the endpoint, and taken back like others."""
    async with site.database.write() as session:
        blog = await making.create(session, await session.get_one(Actor, site.cast.alice.id), "crumbs",
                                   making.Wishes(title="Crumbs"))
    browser, wish = await site.browser(site.cast.alice), {"writing_name": "Pen", "writing_scopes": ["create", "write"]}
    for bad in ({**wish, "site": str(site.cast.bob.id)}, {**wish, "site": "x"}):
        assert (await browser.post("/settings/tokens/writing", bad)).status_code == 404
    for bad in ({"writing_name": "Pen", "site": str(blog.id)}, {"writing_scopes": "create", "site": str(blog.id)}):
        assert (await browser.post("/settings/tokens/writing", bad)).status_code == 422
    page = (await browser.post("/settings/tokens/writing", {**wish, "site": str(blog.id)})).text
    assert f"<code>{URL}/micropub</code>" in page
    async with site.database.read() as session:
        [(token, _)] = await tokens.authorized(session, (await site.user(site.cast.alice)).id)
    assert (token.family, token.site_id, token.scopes) == ("micropub", blog.id, "create")
    page = (await browser.get("/settings/apps")).text
    assert "<b>Pen</b>" in page
    assert "@crumbs@potluck.test" in page
    await browser.post(f"/settings/tokens/{token.id}/revoke")
    assert "<b>Pen</b>" not in (await browser.get("/settings/apps")).text
