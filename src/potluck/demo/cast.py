"""Who is who. The tests use the same people, by the same names."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "a table for everyone"  # noqa: S105 - printed by the command


@dataclass(frozen=True, slots=True)
class Local:
    """Someone with an account here."""

    name: str
    display_name: str
    note: str
    role: str = "user"
    fields: tuple[tuple[str, str], ...] = ()
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Remote:
    """Someone on a pretended server."""

    name: str
    host: str
    display_name: str
    summary: str
    software: str
    type: str = "Person"
    icon: str = ""  # a file in `static/demo/`


LOCALS = (
    Local("alice", "Alice Marlow", "Runs the Tuesday kitchen. Bread, bicycles, and the odd poem. #potluck",
          "admin", (("Pronouns", "she/her"), ("Kitchen", "https://kitchen.example"))),
    Local("bob", "Bob Okafor", "Carpenter. I build long tables."),
    Local("eve", "Eve Lindqvist", "Reads more than she should. Follow requests welcome.", locked=True),
    Local("dave", "Dave", "Opinions, mostly about soup."),
    Local("mia", "Mia Tanaka", "Photographs gardens and what grows in them."),
    Local("mona", "Mona Reyes", "Looks after this server.", "moderator"),
)

REMOTES = (
    Remote("carol", "mastodon.example", "Carol Winter", "<p>Botanist. Mosses first.</p>", "mastodon"),
    Remote("frank", "gts.example", "Frank", "<p>Small servers, long walks.</p>", "gotosocial"),
    Remote("noor", "books.example", "Noor reads", "<p>Reading through the night.</p>", "bookwyrm"),
    Remote("tomas", "video.example", "Tomás makes films", "<p>Short films about long roads.</p>", "peertube"),
    Remote("wren", "lemmy.example", "wren", "<p>Seeds, mostly.</p>", "lemmy"),
    Remote("gardening", "lemmy.example", "Gardening", "<p>A community for everything green.</p>", "lemmy", "Group",
           "leaf-icon.svg"),
)

FOLLOWS = (
    ("alice", "bob"), ("alice", "mia"), ("alice", "carol@mastodon.example"), ("alice", "frank@gts.example"),
    ("alice", "noor@books.example"), ("alice", "tomas@video.example"), ("alice", "mona"),
    ("bob", "alice"), ("mia", "alice"), ("mona", "alice"), ("dave", "alice"), ("bob", "mia"), ("mia", "bob"),
    ("eve", "alice"), ("bob", "eve"), ("alice", "gardening@lemmy.example"), ("mia", "gardening@lemmy.example"),
)
"""(follower, followed). Eve is locked: Bob's request waits."""


@dataclass(frozen=True, slots=True)
class Place:
    """A community of this server."""

    name: str
    leader: str
    title: str
    description: str
    rules: tuple[str, ...] = ()
    moderators: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    flairs: tuple[str, ...] = ()
    icon: str = ""  # files in `static/demo/`
    banner: str = ""
    banner_shows: str = ""


PLACES = (
    Place("long_table", "alice", "The long table", "Recipes, leftovers, and *who brings what*. Everybody may sit down.",
          ("Say what is in it: people have allergies.", "No dish is too simple."), ("mona",),
          ("bob", "mia", "dave", "mona"), ("Recipe", "Question", "Meet-up"), "table-icon.svg", "table-banner.svg",
          "A long table with four bowls, the sun behind it"),
    Place("night_sky", "bob", "The night sky", "What is up there tonight, seen with eyes, tins and tubes.",
          ("Say where you stood, and when.",), (), ("alice", "eve", "mia"), ("Photo", "Tonight"), "sky-icon.svg",
          "sky-banner.svg", "Stars above dark hills"),
)
