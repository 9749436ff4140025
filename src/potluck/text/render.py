"""Turns what a local author typed into HTML, written as Mastodon writes it, so that every system reads it.

Markdown is in `potluck.text.markdown`; both share the tokens of `potluck.text.tokens`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from potluck.text.hashtags import normalise_hashtag
from potluck.text.markup import escape_attribute, escape_text
from potluck.text.names import Handle
from potluck.text.tokens import Token, tokenise

MediaType = Literal["text/plain", "text/markdown"]

DISPLAYED_URL: Final = 30
"""Characters of an address that are shown; the rest is in the markup, but hidden (as Mastodon does)."""

_HIDDEN_PREFIX: Final = re.compile(r"(?:https?://(?:www\.)?|xmpp:)", re.IGNORECASE)
_PARAGRAPHS: Final = re.compile(r"\n[^\S\n]*+(?:\n[^\S\n]*+)++")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class TextTooLong(ValueError):
    """A text longer than can be rendered in bounded time. `limit` is the most characters that are taken."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the text is longer than {limit} characters")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class MentionTarget:
    """Where a mention leads.

    url: the account's page, for the link. uri: its actor id, for the Mention tag. acct: `user` or `user@host`.
    """

    url: str
    uri: str
    acct: str


@dataclass(slots=True)
class Extracted:
    """What a text speaks of, each thing once, in the order of first appearance.

    hashtags: as typed, without `#`; tags that differ only by case or accents count once. emojis: shortcodes.
    """

    mentions: list[Handle] = field(default_factory=list)
    hashtags: list[str] = field(default_factory=list)
    emojis: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rendered:
    """A text as HTML.

    hashtags: as in `Extracted`. mentions_used: targets that the text links to, each once: the ones to tag and notify.
    """

    html: str
    hashtags: list[str]
    mentions_used: list[MentionTarget]


class TokenWriter:
    """Writes tokens as HTML and remembers which hashtags and mentions it has written."""

    def __init__(self, mentions: Mapping[Handle, MentionTarget], hashtag_url: Callable[[str], str]) -> None:
        self._targets = {handle.key: target for handle, target in mentions.items()}
        self._hashtag_url = hashtag_url
        self._hashtags: dict[str, str] = {}
        self._used: dict[str, MentionTarget] = {}

    def write(self, token: Token) -> str:
        """Return the HTML of one token."""
        if token.kind == "url":
            return link_html(token.text)
        if token.kind == "hashtag":
            return self._hashtag(token)
        if token.handle is not None:
            return self._mention(token, token.handle)
        return escape_typed(token.text)

    def rendered(self, html: str) -> Rendered:
        """Wrap up `html` with what was written on the way."""
        return Rendered(html, list(self._hashtags.values()), list(self._used.values()))

    def _hashtag(self, token: Token) -> str:
        key = normalise_hashtag(token.name) or token.name
        self._hashtags.setdefault(key, token.name)
        url = escape_attribute(self._hashtag_url(key))
        return (
            f'<a href="{url}" class="mention hashtag" rel="tag">#<span>{escape_text(token.name)}</span></a>'
        )

    def _mention(self, token: Token, handle: Handle) -> str:
        target = self._targets.get(handle.key)
        if target is None:
            return escape_typed(token.text)
        self._used.setdefault(target.uri, target)
        name = escape_text(target.acct.partition("@")[0])
        return (
            f'<span class="h-card" translate="no"><a href="{escape_attribute(target.url)}" class="u-url mention">'
            f"@<span>{name}</span></a></span>"
        )


def link_html(url: str) -> str:
    """Write an address as a link: scheme and "www." hidden, the next 30 characters shown, the rest hidden."""
    prefix = _HIDDEN_PREFIX.match(url)
    start = prefix.end() if prefix else 0
    shown, rest = url[start : start + DISPLAYED_URL], url[start + DISPLAYED_URL :]
    ellipsis = ' class="ellipsis"' if rest else ""
    return (
        f'<a href="{escape_attribute(url)}" rel="nofollow noopener" translate="no" target="_blank">'
        f'<span class="invisible">{escape_text(url[:start])}</span><span{ellipsis}>{escape_text(shown)}</span>'
        f'<span class="invisible">{escape_text(rest)}</span></a>'
    )


def escape_typed(text: str) -> str:
    """Write typed text as HTML, quotes too, as Mastodon does."""
    return escape_attribute(text)


def tidy_typed(text: str) -> str:
    """Bring line ends to LF and drop control characters."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def extract(text: str, media_type: MediaType = "text/plain") -> Extracted:
    """Return whom and what `text` speaks of; in Markdown, code is not looked into.

    Raises `TextTooLong` for Markdown beyond its limit.
    """
    if media_type == "text/markdown":
        from potluck.text.markdown import markdown_tokens

        return collect(markdown_tokens(tidy_typed(text)))
    return collect(tokenise(tidy_typed(text)))


def collect(tokens: Iterable[Token]) -> Extracted:
    """Sort tokens by kind, each thing once."""
    mentions: dict[str, Handle] = {}
    hashtags: dict[str, str] = {}
    emojis: dict[str, None] = {}
    urls: dict[str, None] = {}
    for token in tokens:
        if token.handle is not None:
            mentions.setdefault(token.handle.key, token.handle)
        elif token.kind == "hashtag":
            hashtags.setdefault(normalise_hashtag(token.name) or token.name, token.name)
        elif token.kind == "emoji":
            emojis.setdefault(token.name)
        elif token.kind == "url":
            urls.setdefault(token.text)
    return Extracted(list(mentions.values()), list(hashtags.values()), list(emojis), list(urls))


def render_text(
    text: str,
    *,
    mentions: Mapping[Handle, MentionTarget],
    hashtag_url: Callable[[str], str],
    media_type: MediaType = "text/plain",
) -> Rendered:
    """Return `text` as HTML.

    mentions: the accounts found for the handles that `extract` gave; a mention of anybody else stays text.
    hashtag_url: from a normalised hashtag (see `normalise_hashtag`) to the address of its page, percent-encoded.

    Raises `TextTooLong` for Markdown beyond its limit.
    """
    writer = TokenWriter(mentions, hashtag_url)
    text = tidy_typed(text)
    if media_type == "text/markdown":
        from potluck.text.markdown import markdown_html

        return writer.rendered(markdown_html(text, writer))
    return writer.rendered(_paragraphs("".join(map(writer.write, tokenise(text.strip())))))


def _paragraphs(html: str) -> str:
    """Part inline HTML into paragraphs at blank lines; no token holds a line end, so tags are never cut."""
    if not html:
        return ""
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in _PARAGRAPHS.split(html))
