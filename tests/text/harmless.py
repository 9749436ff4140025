"""A judge of HTML for tests that shares no code with the sanitiser: what it lets pass cannot act in a browser."""

import re
from html.parser import HTMLParser

_TAGS = (
    "a abbr article aside b bdi bdo blockquote br caption code dd del details div dl dt em figcaption figure h1 h2 h3 "
    "h4 h5 h6 hr i ins kbd li mark ol p pre q rp rt ruby s samp section small span strong sub summary sup table tbody "
    "td tfoot th thead time tr u ul var wbr"
)
TAGS = set(_TAGS.split())
_ATTRIBUTES = (
    "lang dir class href translate rel target start reversed type value datetime title open colspan "
    "rowspan scope"
)
ATTRIBUTES = set(_ATTRIBUTES.split())
IMAGE_ATTRIBUTES = {"src", "alt", "title", "width", "height", "lang", "dir", "class"}
LINK = re.compile(r"(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|xmpp|magnet|gemini|mailto):", re.IGNORECASE)
CLASS = re.compile(
    r"(?:h|p|u|dt|e)-[a-z0-9-]+|mention|hashtag|ellipsis|invisible|quote-inline|language-[\w.+#-]+"
)


class _Judge(HTMLParser):
    def __init__(self, images: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.images = images

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            assert self.images, "an image"
            self._judge_image(attrs)
            return
        assert tag in TAGS, f"element {tag}"
        values = dict(attrs)
        assert set(values) <= ATTRIBUTES, f"attributes {values}"
        if "href" in values:
            assert tag == "a"
            assert LINK.match(values["href"] or ""), f"link to {values['href']}"
        if tag == "a":
            assert values["rel"] == "nofollow noopener noreferrer"
            assert values["target"] == "_blank"
        for name in (values.get("class") or "").split():
            assert CLASS.fullmatch(name), f"class {name}"

    def _judge_image(self, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert set(values) <= IMAGE_ATTRIBUTES, f"image attributes {values}"
        assert re.match(r"https?://", values.get("src") or "https://", re.IGNORECASE)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"declaration {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"instruction {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"declaration {data}")


def assert_harmless(html: str, *, images: bool = False) -> None:
    """Fail unless `html` holds only elements, attributes, links and classes that the design allows."""
    judge = _Judge(images)
    judge.feed(html)
    judge.close()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", html), "control characters"
