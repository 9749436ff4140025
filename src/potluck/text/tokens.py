"""Finds addresses, mentions, hashtags and emoji shortcodes in typed text: the one reading that all others share.

The rules follow Mastodon's, so that a text means the same here and there. Every pattern is possessive or bounded:
a megabyte of any input is read in well under a second.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from potluck.text.emoji import SHORTCODE_PATTERN
from potluck.text.hashtags import HASHTAG_PATTERN, is_hashtag
from potluck.text.names import NAME_PATTERN, Handle, normalise_host

Kind = Literal["text", "url", "mention", "hashtag", "emoji"]

# Punctuation of scripts that write no spaces ends an address, as do direction marks, which would drag its end along.
_URL_CHARACTER: Final = (
    '[^\\s<>"\u2018-\u201f\u00ab\u00bb\u3001\u3002\u3008-\u3011\u3014-\u301b\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f'
    "\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\x00-\x1f\x7f]"
)
_LABEL: Final = r"[\w-]{1,63}+"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL}){{1,32}}+"
_URL: Final = (
    rf"(?i:https?)://{_HOST}(?::[0-9]{{1,5}}+)?(?:[/?#]{_URL_CHARACTER}{{0,2048}}+)?"
    rf"|(?i:dat|dweb|ipfs|ipns|ssb|gopher|gemini)://{_URL_CHARACTER}{{1,2048}}+"
    rf"|(?i:magnet):\?{_URL_CHARACTER}{{1,2048}}+"
    rf"|(?i:xmpp):[\w.+-]{{1,64}}+@{_HOST}"
)
_MENTION: Final = (
    rf"@(?P<name>{NAME_PATTERN})(?:@(?P<host>{_LABEL}(?:[.-]++\w++){{0,32}}+(?::[0-9]{{2,5}}(?!\w))?))?"
)

_TOKEN: Final = re.compile(
    rf"(?P<url>(?<![\w@/#$])(?:{_URL})|(?<=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\u0e00-\u0e7f])(?:{_URL}))"
    rf"|(?P<mention>(?<![\w=/]){_MENTION})"
    rf"|(?P<hashtag>(?<![\w=/)&])[#\uff03](?P<tag>{HASHTAG_PATTERN}))"
    rf"|(?P<emoji>(?<![a-zA-Z0-9_]):(?P<shortcode>{SHORTCODE_PATTERN}):(?![a-zA-Z0-9_]))"
)
_AUTHORITY: Final = re.compile(r"https?://([^/?#:]*+)", re.IGNORECASE)
_IPV4: Final = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_URL_END: Final = ".,:;!?'…"
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
# Joiners and middle dots belong inside a word, not at its end.
_TAG_END: Final = "\u200c\u200d\u00b7\u30fb"


class Token(NamedTuple):
    """A piece of typed text.

    text: the characters as typed.
    handle: whom a mention names; None for other kinds.
    """

    kind: Kind
    text: str
    handle: Handle | None = None

    @property
    def name(self) -> str:
        """A hashtag without its `#`, an emoji without its colons; else the text."""
        if self.kind == "hashtag":
            return self.text[1:]
        return self.text[1:-1] if self.kind == "emoji" else self.text


def tokenise(text: str) -> Iterator[Token]:
    """Split `text` into tokens; joined, their texts are `text` again."""
    position = kept = 0
    while match := _TOKEN.search(text, position):
        token = _read(match)
        if token is None:
            position = match.end()
            continue
        if match.start() > kept:
            yield Token("text", text[kept : match.start()])
        yield token
        position = kept = match.start() + len(token.text)
    if kept < len(text):
        yield Token("text", text[kept:])


def token_at(text: str, position: int) -> Token | None:
    """Return the token, other than plain text, that begins exactly at `position`; what stands before it counts."""
    match = _TOKEN.match(text, position)
    return _read(match) if match else None


def _read(match: re.Match[str]) -> Token | None:
    """Check what the pattern cannot; None when the match is only text after all."""
    kind = match.lastgroup
    if kind == "hashtag":
        tag = match["tag"].rstrip(_TAG_END)
        return Token("hashtag", match[0][0] + tag) if is_hashtag(tag) else None
    if kind == "mention":
        return _read_mention(match)
    return _read_url(match[0]) if kind == "url" else Token("emoji", match[0])


def _read_mention(match: re.Match[str]) -> Token:
    host = normalise_host(match["host"]) if match["host"] else None
    if host is None:
        # What follows the second "@" is no host: then this names somebody here.
        return Token("mention", "@" + match["name"], Handle(match["name"]))
    return Token("mention", match["mention"], Handle(match["name"], host))


def _read_url(url: str) -> Token | None:
    url = trim_url(url)
    authority = _AUTHORITY.match(url)
    if authority and not _is_public_looking(authority[1]):
        return None
    return Token("url", url)


def _is_public_looking(host: str) -> bool:
    """Tell whether a host with a dot is meant as one: "http://1.5" and "https://a.b1" hardly are."""
    if _IPV4.fullmatch(host):
        return True
    top = host.rpartition(".")[2]
    return top.startswith("xn--") or (
        len(top) > 1 and all(letter.isalpha() or _is_mark(letter) for letter in top)
    )


def _is_mark(character: str) -> bool:
    return not character.isascii() and not character.isdigit()


def trim_url(url: str) -> str:
    """Drop punctuation of the sentence from the end of an address, and brackets that were opened before it."""
    unclosed = {closing: url.count(opening) - url.count(closing) for closing, opening in _PAIRS.items()}
    end = len(url)
    while end:
        last = url[end - 1]
        if last in unclosed and unclosed[last] < 0:
            unclosed[last] += 1
        elif last in _URL_END:
            pass
        elif last in _PAIRS.values():
            unclosed[next(closing for closing, opening in _PAIRS.items() if opening == last)] -= 1
        else:
            break
        end -= 1
    return url[:end]
