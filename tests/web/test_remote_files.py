"""Other servers do not learn who reads what: pages load nothing from them."""

from __future__ import annotations

import re

from potluck.media import addresses
from potluck.settings import current
from potluck.social.drafts import AttachmentDraft, EmojiDraft
from potluck.web.security_headers import content_security_policy
from web.conftest import Site

_SOURCE = re.compile(r'(?:src|poster|srcset)="([^"]+)"')


async def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    """Pictures of people, banners, emoji, attachments, previews: all are under our own addresses, on every page."""
    cast = site.cast
    away = "https://carol.example/files"
    await cast.change(cast.carol, avatar_url=f"{away}/avatar.png", header_url=f"{away}/header.png",
                      emojis=[{"shortcode": "carol", "url": f"{away}/emoji.png"}], display_name="Carol :carol:")
    (post,) = await cast.store(cast.draft(
        cast.carol, "<p>Soup :soup: is on</p>", emojis=[EmojiDraft("soup", f"{away}/soup.png")], attachments=[
            AttachmentDraft("image", f"{away}/a.jpg"),
            AttachmentDraft("video", f"{away}/v.mp4", preview_url=f"{away}/v.jpg"),
            AttachmentDraft("audio", f"{away}/s.mp3", preview_url=f"{away}/cover.jpg")]))
    browser = await site.browser(cast.alice)
    for path in ("/federated", f"/@carol@{cast.carol.host}", f"/@carol@{cast.carol.host}/{post.id}"):
        page = (await browser.get(path)).text
        sources = _SOURCE.findall(page)
        assert not [source for source in sources if "carol.example" in source], path
        shown = {addresses.proxied(source.removeprefix(current().url), current()) for source in sources}
        urls = {found[1].rpartition("/")[2] for found in shown if found}
        assert {"avatar.png", "emoji.png", "soup.png", "a.jpg", "v.mp4", "v.jpg", "s.mp3"} <= urls, path


async def test_the_policy_forbids_it(site: Site) -> None:
    """What would be forgotten in a page is held back by the browser."""
    rules = dict(rule.partition(" ")[::2] for rule in content_security_policy().split("; "))
    assert "https:" not in rules["img-src"].split()
    assert "https:" not in rules["media-src"].split()
