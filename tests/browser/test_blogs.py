"""What only a browser shows: the worst that can be written into an article or a blog's stylesheet does nothing."""

from __future__ import annotations

import pytest

from browser.conftest import Open
from support.servers import Server
from support.stage import Stage
from text import xss_vectors

pytestmark = pytest.mark.timeout(280)

CSS = """
@import url(https://evil.example/a.css); body { position: fixed; background: url(https://evil.example/b) }
* { color: red; background-image: image-set("https://evil.example/c" 1x) } a[href^="/"] { background: url(/d) }
.shell { display: none } nav, .side-nav, .top-bar { visibility: hidden; display: none }
p { position: fixed; inset: 0; margin: -9999px 0 0 -9999px } </style><script>window.hurt = 1</script>
"""


def test_hostile_texts_and_styles_do_nothing(stage: Stage, site: Server, open_browser: Open) -> None:
    """No script runs, nothing is fetched from elsewhere, nothing of the page is hidden, and the policy is not asked."""
    texts = [text.encode("utf-8", "ignore").decode() for text in xss_vectors.ALL]
    stage.run(site.writes("blog", who="alice", name="evil_crumbs", title="Evil", css=CSS))
    paths = []
    for media_type in ("text/markdown", "text/html"):
        made = stage.run(site.writes("publish", who="alice", blog="evil_crumbs", title=f"Worst {media_type}",
                                     content_type=media_type, text="\n\n".join(["start", *texts])))
        paths.append(made["url"].removeprefix(site.url))
    person = open_browser()
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.page.on("dialog", lambda dialog: person.faults.append(dialog.message))
    for path in paths:
        person.go(path)
        person.page.wait_for_load_state("networkidle")
        assert person.page.evaluate("window.hurt") is None
        assert person.page.locator(".side-nav").first.is_visible()
    assert [url for url in asked if not url.startswith((site.url, "data:", "blob:"))] == []
    assert person.faults == []
