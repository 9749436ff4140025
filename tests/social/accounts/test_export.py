"""The export: a zip that any tool opens, with all that is one's own and nothing of others."""

from __future__ import annotations

import csv
import io
import json
import zipfile

from potluck.social import reactions
from potluck.social.accounts import export


async def packed(cast, monkeypatch) -> zipfile.ZipFile:
    monkeypatch.setattr(export, "_BATCH", 2)
    pieces = [piece async for piece in export.archive(cast.database, cast.bob.id, lambda actor: {"id": actor.uri})]
    return zipfile.ZipFile(io.BytesIO(b"".join(pieces)))


async def test_an_archive_holds_ones_own(cast, monkeypatch) -> None:
    """Posts, boosts, likes; private ones too, those of others not."""
    said = [await cast.say(cast.bob, f"number {number}") for number in range(3)]
    said.append(await cast.say(cast.bob, "psst", visibility="direct", mentions=[cast.alice]))
    hers = await cast.say(cast.alice, "hers")
    async with cast.database.write() as session:
        await reactions.react(session, cast.bob, hers.id)
        await reactions.announce(session, cast.bob, hers.id)
        await reactions.bookmark(session, cast.bob, hers.id)
    archive = await packed(cast, monkeypatch)
    assert archive.testzip() is None
    outbox = json.loads(archive.read("outbox.json"))
    assert [item["object"]["id"] for item in outbox["orderedItems"] if item["type"] == "Create"] == [
        row.uri for row in said]
    assert [item["object"] for item in outbox["orderedItems"] if item["type"] == "Announce"] == [hers.uri]
    assert json.loads(archive.read("likes.json"))["orderedItems"] == [hers.uri]
    assert json.loads(archive.read("actor.json"))["id"] == cast.bob.uri
    assert archive.read("bookmarks.csv").decode().split() == [hers.uri]


async def test_lists_are_csv_as_mastodon_reads_it(cast, monkeypatch) -> None:
    """Full addresses, also of local people; commas in titles survive."""
    await cast.follow(cast.bob, cast.carol, languages=["de", "en"], show_boosts=False)
    await cast.mute(cast.bob, cast.eve)
    await cast.block(cast.bob, cast.dave)
    await cast.mute_server(cast.bob, "evil.example")
    await cast.list_of(cast.bob, cast.alice)
    archive = await packed(cast, monkeypatch)

    def rows(name: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(archive.read(name).decode())))

    assert rows("following_accounts.csv") == [
        ["Account address", "Show boosts", "Notify on new posts", "Languages"],
        ["alice@potluck.test", "true", "false", ""], ["carol@carol.example", "false", "false", "de, en"]]
    assert rows("muted_accounts.csv")[1:] == [["eve@potluck.test", "true"]]
    assert rows("blocked_accounts.csv") == [["dave@potluck.test"]]
    assert rows("blocked_domains.csv") == [["evil.example"]]
    assert rows("lists.csv") == [["friends", "alice@potluck.test"]]
    assert rows("followers.csv") == [["Account address"]]
