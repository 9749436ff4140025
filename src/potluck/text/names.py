"""Account names: which a local account may bear, and how people write anybody's address (`@user@host`)."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import idna

from potluck.text.markup import words

MAX_NAME: Final = 2048
"""Characters of a remote user name; longer ones are refused (as Mastodon does)."""

MAX_HOST: Final = 253
"""Characters of a host name in its ASCII form (RFC 1035)."""

RESERVED_NAMES: Final = words(
    # Words that Mastodon's API has in the place of an account (clients/README.md, section 1).
    "search lookup relationships verify_credentials update_credentials familiar_followers timelines",
    # First parts of paths that this site, or an API it speaks, answers. What a community may well want to be called
    # (music, books, photos, events…) is left free: actors live below `/@` and `/users/`, where nothing collides.
    "about account accounts activities activity admin administrator api app apps assets atom auth authorize "
    "avatar avatars block blocks blogroll bookmarks channel channels collection collections comment comments "
    "compose contact css custom_emojis dashboard data delete deliver direct directory docs domain domains "
    "download downloads edit emoji emojis engine explore export favicon favourites federated federation feed "
    "feeds file files filters follow follow_requests followers following forgot hashtag hashtags health "
    "healthz help hls home host_meta html icons identity image images import inbox index instance "
    "integrations interact invite invites javascript join json legal link links list lists local login logout "
    "logs manifest markdown media mention mentions messages metrics mod moderation mute mutes new nodeinfo "
    "note notes notifications oauth oembed offline order outbox page pages password pictrs ping play "
    "playlists plugins post posts preferences privacy profile proxy public public_timeline push queue read "
    "reader readyz register remote remote_follow reports rest robots rss rules security session sessions "
    "settings setup share signin signout signup site sitemap source sso static stats status statuses stream "
    "streaming streams subscribe system tag tags terms thread threads token tokens track tracks trends "
    "unsubscribe update upload uploads url user users watch web webfinger websocket welcome well_known widget "
    "widgets www",
    # Names that let a stranger pose as the people or the machine behind the site.
    "abuse actor administration admins autoconfig autodiscover bot broadcasthost daemon everyone ftp guest "
    "here hostmaster imap info instance_actor localdomain localhost mail mailer_daemon marketing moderator "
    "moderators mods nobody no_reply noc noreply null official operator owner pop pop3 postmaster potluck "
    "relay root sales server service smtp ssl staff superuser support sysadmin sysop team trust undefined "
    "usenet uucp verified webmail webmaster wpad none nil true false self all",
)  # fmt: skip

_LOCAL_NAME: Final = re.compile(r"[a-z0-9_]{3,30}")
_LOCAL_CHARACTERS: Final = re.compile(r"[a-z0-9_]*")

# Mastodon, Lemmy, PeerTube, WriteFreely and the bridges use letters, digits, "_", "." and "-" in names.
NAME_PATTERN: Final = r"[a-zA-Z0-9_]++(?:[.-]++[a-zA-Z0-9_]++)*+"
_NAME: Final = re.compile(r"[\w~](?:[\w.~-]*[\w~-])?")
_PORT: Final = re.compile(r"(.*?):([0-9]{1,5})", re.DOTALL)
_ASCII_HOST: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*+")

Reason = Literal["length", "characters", "digits", "reserved"]


class NameError_(ValueError):  # noqa: N801 (the built-in has the name without the underscore)
    """A name that no local account may bear.

    reason: "length" (3 to 30 characters), "characters" (small letters a to z, digits, `_`), "digits" (nothing but
        digits: APIs tell names from numeric ids by that), "reserved" (a word of a path or an office).
    """

    def __init__(self, name: str, reason: Reason) -> None:
        super().__init__(f"{name[:60]!r} cannot be an account name: {reason}")
        self.reason: Reason = reason


def check_local_name(name: str) -> None:
    """Raise `NameError_` unless a person, blog, channel or community on this server may be called `name`.

    All kinds of local actors share one namespace. `name` must be lower-cased already.
    """
    if not _LOCAL_CHARACTERS.fullmatch(name):
        raise NameError_(name, "characters")
    if not _LOCAL_NAME.fullmatch(name):
        raise NameError_(name, "length")
    if name.isdigit():
        raise NameError_(name, "digits")
    if name in RESERVED_NAMES or name.strip("_") in RESERVED_NAMES:
        raise NameError_(name, "reserved")


class Handle(NamedTuple):
    """The address of an account.

    name: user name as written. Compare handles by `key`: most systems ignore case.
    host: lower-case ASCII host, with a port if it has one; None for an account of this server.
    """

    name: str
    host: str | None = None

    @property
    def key(self) -> str:
        """What equal handles have in common: `name` or `name@host` in lower case."""
        name = self.name.lower()
        return f"{name}@{self.host}" if self.host else name

    def __str__(self) -> str:
        return f"{self.name}@{self.host}" if self.host else self.name


def parse_handle(text: str) -> Handle | None:
    """Read `@user@host`, `user@host`, `acct:user@host`, `@user`, `user`, or a community's `!name@host`, else None."""
    text = text.strip()
    if len(text) > MAX_NAME + MAX_HOST + 16:
        return None
    if text[:5].lower() == "acct:":
        text = text[5:]
    if text.startswith("!") and "@" in text:
        text = text[1:]
    name, at, host = text.removeprefix("@").partition("@")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        return None
    if not at:
        return Handle(name)
    normal = normalise_host(host)
    return Handle(name, normal) if normal else None


@lru_cache(maxsize=4096)
def normalise_host(host: str) -> str | None:
    """Return `host` in lower-case ASCII (IDNA 2008, UTS #46), a port kept; None if it is no host name or IPv4 address.

    Bracketed IPv6 addresses are refused: nobody has an account there.
    """
    if not host or len(host) > MAX_HOST + 6:
        return None
    port = ""
    if with_port := _PORT.fullmatch(host):
        host, port = with_port[1], ":" + with_port[2]
        if int(with_port[2]) > 65535:
            return None
    name = host.lower() if host.isascii() else _to_ascii(host)
    return name + port if len(name) <= MAX_HOST and _ASCII_HOST.fullmatch(name) else None


def with_parents(name: str) -> list[str]:
    """A domain and those above it, nearest first: `a.b.test` gives itself, `b.test` and `test`."""
    labels = name.split(".")
    return [".".join(labels[place:]) for place in range(len(labels))]


def _to_ascii(host: str) -> str:
    """Return the ASCII form of an international host name, or "" if it has none."""
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""
