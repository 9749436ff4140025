"""An app that is known by the address of its page is let into a blog: what only a browser shows of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
import pyvips
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.sync_api import expect

from browser.audit import audit
from browser.conftest import Open
from support.servers import Server
from support.stage import Stage

pytestmark = pytest.mark.timeout(280)

VERIFIER, CHALLENGE = "v" * 50, "CrlVwe1WSHWuTQYh3iczmx3aS-faRx6C92k9_hNxl4A"
LOGO = pyvips.Image.black(96, 96, bands=3).invert().copy(interpretation="srgb").write_to_buffer(".png")
PAGE = """<!doctype html><title>Quill</title><div class="h-app"><img class="u-logo" src="/logo.png" alt="">
<a class="u-url p-name" href="/">Quill, a pen for the web</a></div>"""


@pytest.fixture
def app(stage: Stage) -> Iterator[str]:
    """The app's web server: its page, and what its code comes back to."""
    async def page(request: web.Request) -> web.Response:
        if request.path == "/logo.png":
            return web.Response(body=LOGO, content_type="image/png")
        return web.Response(text=PAGE if request.path == "/" else "<!doctype html><title>Back</title><h1>Back</h1>",
                            content_type="text/html")

    async def start() -> TestServer:
        made = web.Application()
        made.router.add_get("/{path:.*}", page)
        served = TestServer(made, host="127.0.0.1")
        await served.start_server()
        return served

    served = stage.run(start())
    yield f"http://127.0.0.1:{served.port}/"
    stage.run(served.close())


def test_an_app_is_let_into_a_blog(stage: Stage, site: Server, as_: Open, app: str) -> None:
    """The page names the app, its scopes and the sites; what is unticked is not given; the browser ends at the app."""
    stage.run(site.writes("blog", who="alice", name="pans", title="Pots and pans"))
    alice = as_("alice")
    asked = {"response_type": "code", "client_id": app, "redirect_uri": f"{app}back", "state": "s",
             "scope": "profile create update delete media", "code_challenge": CHALLENGE,
             "code_challenge_method": "S256", "me": f"{site.url}/@pans"}
    alice.go(f"/oauth/authorize?{urlencode(asked)}")
    expect(alice.page.get_by_role("heading", name="Let Quill, a pen for the web in?")).to_be_visible()
    assert audit(alice.page) == []
    group = alice.page.get_by_role("group", name="It may")
    expect(group.get_by_role("checkbox")).to_have_count(5)
    group.get_by_role("checkbox", name="Delete posts").uncheck()
    expect(alice.page.get_by_role("radio", name="Pots and pans").first).to_be_checked()
    alice.press("Let it in")
    alice.page.wait_for_url(f"{app}back?**")
    back = parse_qs(urlsplit(alice.page.url).query)
    assert (back["state"], back["iss"]) == (["s"], [f"{site.url}/"])
    found = json.load(urlopen(Request(f"{site.url}/oauth/token", urlencode({
        "grant_type": "authorization_code", "code": back["code"][0], "client_id": app, "redirect_uri": f"{app}back",
        "code_verifier": VERIFIER}).encode())))
    assert (found["me"], found["scope"]) == (f"{site.url}/@pans", "profile create update media")
    alice.go("/settings/apps")
    alice.sees("Quill, a pen for the web")
