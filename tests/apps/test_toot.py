"""toot 0.52: the command line as people use it, from `toot login` on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.bridge import DRIVERS, Program, Refused, wait_for
from apps.conftest import Backdrop
from apps.recorder import Recorder
from support import clients

pytestmark = pytest.mark.timeout(280)


class Toot:
    """Dave at his command line."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self, *words: str) -> str:
        """Run a command; returns what it printed."""
        printed: str = self._program.ask(arguments=words)
        return printed

    def json(self, *words: str) -> Any:
        """Run a command with `--json`."""
        return json.loads(self(*words, "--json"))


@pytest.fixture(scope="module")
def bin_folder() -> Path:
    """Where the program is installed."""
    return clients.python_client("toot")


@pytest.fixture(scope="module")
def toot(bin_folder: Path, backdrop: Backdrop, environ: dict[str, str], home: Path) -> Iterator[Toot]:
    """The command line of Dave, who signed in with `toot login`."""
    login = subprocess.Popen(
        [bin_folder / "toot", "login", "--instance", backdrop.url], env=environ, cwd=home, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert login.stdin is not None
    assert login.stdout is not None
    said = []
    while not (said and said[-1].startswith(f"{backdrop.url}/oauth/authorize")):
        said.append(login.stdout.readline().strip())
        assert login.poll() is None, said
    code = backdrop.authorize(said[-1], "dave")
    end, _ = login.communicate(f"n\n{code}\n", timeout=60)
    assert login.returncode == 0, end
    assert "Successfully logged in" in end
    assert backdrop.recorder.troubles() == []
    with Program([bin_folder / "python", DRIVERS / "toot_cli.py"], environ, home) as program:
        yield Toot(program)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    """The ids of entities."""
    return [row["id"] for row in rows]


def test_knows_who_is_signed_in(toot: Toot, backdrop: Backdrop) -> None:
    """After `toot login` the account is the active one, and `whoami` and `whois` show people."""
    assert f"dave@{backdrop.here.host} ACTIVE" in toot("auth")
    assert toot.json("whoami")["acct"] == "dave"
    assert "Alice Marlow" in toot("whois", "alice")
    assert backdrop.here.host in toot("instance")


def test_post_with_pictures(toot: Toot, photo: Path) -> None:
    """`toot post --media` sends a file with its description, waits for it, and posts it."""
    printed = toot("post", "Two walls", "--media", str(photo), "--description", "A wall", "--media", str(photo),
                   "--description", "The same wall", "--json")
    made = json.loads(printed[printed.index("{"):])  # it says first what it uploads
    assert [item["description"] for item in made["media_attachments"]] == ["A wall", "The same wall"]
    assert all(item["url"] for item in made["media_attachments"])


def test_post_show_and_delete(toot: Toot, recorder: Recorder) -> None:
    """A post with warning, language and visibility is shown, and is gone after `toot delete`."""
    made = toot.json("post", "Leek soup #soup", "--spoiler-text", "opinion", "--language", "en", "--visibility",
                     "unlisted")
    shown = toot.json("status", made["id"])
    assert (shown["spoiler_text"], shown["language"], shown["visibility"]) == ("opinion", "en", "unlisted")
    assert "Leek soup" in toot("status", made["id"])
    toot("delete", made["id"])
    recorder.expect(404, f"GET /api/v1/statuses/{made['id']}")
    with pytest.raises(Refused, match="not found"):
        toot("status", made["id"])


def test_thread(toot: Toot) -> None:
    """A reply shows in the thread of what it answers."""
    first = toot.json("post", "Salt first?")
    reply = toot.json("post", "Salt last", "--reply-to", first["id"])
    assert ids(toot.json("thread", first["id"])["descendants"]) == [reply["id"]]
    printed = toot("thread", reply["id"])
    assert printed.index("Salt first?") < printed.index("Salt last")


def test_marks(toot: Toot) -> None:
    """Favourite, boost, bookmark and pin go on and off."""
    made = toot.json("post", "Mark this")
    for verb, mark in (("favourite", "favourited"), ("reblog", "reblogged"), ("bookmark", "bookmarked"),
                       ("pin", "pinned")):
        toot(verb, made["id"])
        assert toot.json("status", made["id"])[mark] is True
        if verb == "reblog":
            assert "dave" in toot("reblogged-by", made["id"])
        toot(f"un{verb}", made["id"])
        assert toot.json("status", made["id"])[mark] is False


def test_timelines_and_their_pages(toot: Toot, recorder: Recorder) -> None:
    """Home, public, hashtag, account and favourites timelines print posts; the next page comes by the Link header."""
    made = [toot.json("post", f"Bowl {number} #bowls")["id"] for number in range(5)]
    for words in (("home",), ("public",), ("tag", "bowls"), ("account", "dave")):
        assert "Bowl 4" in toot("timelines", *words, "--no-pager"), words
    assert ids(toot.json("timelines", "tag", "bowls", "--no-pager"))[:5] == made[::-1]
    toot("favourite", made[0])
    assert "Bowl 0" in toot("timelines", "favourites", "--no-pager")
    toot("bookmark", made[1])
    assert "Bowl 1" in toot("bookmarks", "--once")


def test_search_finds_and_resolves(toot: Toot, backdrop: Backdrop) -> None:
    """People, hashtags and people of another server are found."""
    assert "alice" in toot("search", "alice", "--type", "accounts")
    found = toot.json("search", backdrop.carol.handle, "--resolve", "--type", "accounts")
    assert found["accounts"][0]["acct"] == backdrop.carol.handle[1:]


def test_people(toot: Toot) -> None:
    """Follow, mute and block with their opposites change the lists that the program prints."""
    toot("follow", "mia")
    assert "@mia" in toot("following")
    assert "@dave" in toot("followers", "mia")
    toot("unfollow", "mia")
    toot("mute", "mia")
    assert "@mia" in toot("muted")
    toot("unmute", "mia")
    toot("block", "mia")
    assert "@mia" in toot("blocked")
    toot("unblock", "mia")
    assert "@mia" not in toot("blocked")


def test_follow_someone_on_another_server(toot: Toot, backdrop: Backdrop) -> None:
    """`toot follow` with a full handle finds them there, and their posts come home."""
    toot("follow", backdrop.carol.handle)
    wait_for(lambda: backdrop.carol.handle in toot("following"))
    backdrop.run(backdrop.carol.say("Carried to a terminal"))
    wait_for(lambda: "Carried to a terminal" in toot("timelines", "home", "--no-pager"))


def test_notifications(toot: Toot, backdrop: Backdrop) -> None:
    """A mention from another server is printed, and `--clear` clears."""
    backdrop.run(backdrop.carol.say(f"@dave@{backdrop.here.host} are you there?"))
    wait_for(lambda: "are you there?" in toot("notifications", "--type", "mention"))
    toot("notifications", "--clear")
    assert toot.json("notifications") == []


def test_lists(toot: Toot) -> None:
    """A list is made, filled, read, emptied and deleted by its title."""
    toot("follow", "bob")
    toot("lists", "create", "Sawdust")
    toot("lists", "add", "Sawdust", "bob")
    assert "@bob" in toot("lists", "accounts", "Sawdust")
    toot("timelines", "list", "Sawdust", "--no-pager")
    toot("lists", "remove", "Sawdust", "bob")
    assert "@bob" not in toot("lists", "accounts", "Sawdust")
    toot("lists", "delete", "Sawdust")
    assert "Sawdust" not in toot("lists", "list")


def test_polls(toot: Toot) -> None:
    """A poll is posted and shown; its author cannot vote in it."""
    made = toot.json("post", "Hot or cold?", "--poll-option", "Hot", "--poll-option", "Cold", "--poll-expires-in", "1h")
    assert "Cold" in toot("polls", "show", made["poll"]["id"])
    assert [one["title"] for one in toot.json("polls", "show", made["poll"]["id"])["options"]] == ["Hot", "Cold"]


def test_hashtags(toot: Toot) -> None:
    """A hashtag is followed, listed and unfollowed."""
    toot("tags", "follow", "stew")
    assert "#stew" in toot("tags", "followed")
    assert toot.json("tags", "info", "stew")["name"] == "stew"
    toot("tags", "unfollow", "stew")
    assert "#stew" not in toot("tags", "followed")


def test_a_post_is_scheduled(toot: Toot) -> None:
    """`toot post --scheduled-in` says when it will be published."""
    assert "Toot scheduled for" in toot("post", "Tomorrow's soup", "--scheduled-in", "1 day")
    assert "Tomorrow's soup" not in toot("timelines", "home", "--no-pager")


def test_account_is_updated(toot: Toot) -> None:
    """`toot update-account` changes name and note."""
    toot("update-account", "--display-name", "Dave S.", "--note", "Soup, again")
    assert toot.json("whoami")["display_name"] == "Dave S."
