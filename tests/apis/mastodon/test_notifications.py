"""Notifications: one by one, in groups, read and dismissed."""

from __future__ import annotations

from potluck.social.model import Actor

from . import fields
from .conftest import Person, Server


async def everything(alice: Person, bob: Person, carol: Person) -> dict[str, str]:
    """Bob and carol like, boost, mention and follow alice; returns the statuses by what was done."""
    status = await alice.say("look")
    for person in (bob, carol):
        await person.post(f"/api/v1/statuses/{status['id']}/favourite")
    await bob.post(f"/api/v1/statuses/{status['id']}/reblog")
    mention = await carol.say("@alice hi", in_reply_to_id=status["id"])
    await bob.post(f"/api/v1/accounts/{alice.id}/follow")
    return {"liked": status["id"], "mention": mention["id"]}


async def accepted(person: Person, followed: Actor) -> None:
    """The follow of someone elsewhere is accepted there."""
    from potluck.social import follows

    async with person.server.db.write() as session:
        await follows.accept(session, await session.get_one(Actor, followed.id),
                             await session.get_one(Actor, person.actor.id))


async def test_every_kind_of_notification(alice: Person, bob: Person, carol: Person) -> None:
    """Likes, boosts, mentions and follows arrive newest first, with every field."""
    made = await everything(alice, bob, carol)
    found = await alice.get("/api/v1/notifications")
    fields.check_all(found, "Notification")
    assert [item["type"] for item in found] == ["follow", "mention", "reblog", "favourite", "favourite"]
    assert found[1]["status"]["id"] == made["mention"]
    assert "status" not in found[0]
    one = await alice.get(f"/api/v1/notifications/{found[1]['id']}")
    assert one == found[1]
    assert (await bob.call("GET", f"/api/v1/notifications/{found[1]['id']}")).status_code == 404


async def test_narrowing(alice: Person, bob: Person, carol: Person) -> None:
    """By types, without types, by account."""
    await everything(alice, bob, carol)

    async def types(query: str) -> list[str]:
        return [item["type"] for item in await alice.get(f"/api/v1/notifications?{query}")]

    assert await types("types[]=mention&types[]=follow") == ["follow", "mention"]
    assert await types("exclude_types[]=favourite&exclude_types[]=reblog") == ["follow", "mention"]
    assert await types(f"account_id={carol.id}") == ["mention", "favourite"]
    assert await types("limit=2") == ["follow", "mention"]


async def test_groups(alice: Person, bob: Person, carol: Person) -> None:
    """Likes of one status are one group; each account and status is sent once."""
    made = await everything(alice, bob, carol)
    found = await alice.get("/api/v2/notifications")
    fields.check(found, "GroupedNotifications")
    assert [group["type"] for group in found["notification_groups"]] == ["follow", "mention", "reblog", "favourite"]
    likes = found["notification_groups"][3]
    assert likes["notifications_count"] == 2
    assert likes["status_id"] == made["liked"]
    assert set(likes["sample_account_ids"]) == {bob.id, carol.id}
    assert len({item["id"] for item in found["accounts"]}) == len(found["accounts"]) == 2
    assert len({item["id"] for item in found["statuses"]}) == len(found["statuses"]) == 2
    one = await alice.get(f"/api/v2/notifications/{likes['group_key']}")
    fields.check(one, "GroupedNotifications")
    people = await alice.get(f"/api/v2/notifications/{likes['group_key']}/accounts")
    fields.check_all(people, "Account")
    assert {item["acct"] for item in people} == {"bob", "carol"}
    assert await alice.get("/api/v2/notifications/unread_count") == {"count": 4}
    ungrouped = await alice.get("/api/v2/notifications?grouped_types[]=follow")
    assert len(ungrouped["notification_groups"]) == 5
    small = await alice.get("/api/v2/notifications?expand_accounts=partial_avatars")
    fields.check(small, "GroupedNotifications")
    assert len(small["accounts"]) + len(small["partial_accounts"]) == 2
    assert await alice.post(f"/api/v2/notifications/{likes['group_key']}/dismiss") == {}
    assert (await alice.call("GET", f"/api/v2/notifications/{likes['group_key']}")).status_code == 404


async def test_unread_and_markers(alice: Person, bob: Person, carol: Person) -> None:
    """The marker tells what is unread; its version rises with each write."""
    await everything(alice, bob, carol)
    assert await alice.get("/api/v1/notifications/unread_count") == {"count": 5}
    newest = (await alice.get("/api/v1/notifications"))[0]["id"]
    saved = await alice.post("/api/v1/markers", data={"notifications[last_read_id]": newest,
                                                      "home[last_read_id]": "5"})
    for marker in saved.values():
        fields.check(marker, "Marker")
    assert await alice.get("/api/v1/notifications/unread_count") == {"count": 0}
    again = await alice.post("/api/v1/markers", json={"notifications": {"last_read_id": newest}})
    assert again["notifications"]["version"] == saved["notifications"]["version"] + 1
    assert set(await alice.get("/api/v1/markers?timeline[]=home&timeline[]=notifications")) == {
        "home", "notifications"}
    assert await bob.get("/api/v1/markers?timeline[]=home") == {}


async def test_dismissing(alice: Person, bob: Person, carol: Person) -> None:
    """One by its id (in path or parameter), or all."""
    await everything(alice, bob, carol)
    first, second = (await alice.get("/api/v1/notifications"))[:2]
    assert await alice.post(f"/api/v1/notifications/{first['id']}/dismiss") == {}
    assert await alice.post("/api/v1/notifications/dismiss", data={"id": second["id"]}) == {}
    assert len(await alice.get("/api/v1/notifications")) == 3
    assert await alice.post("/api/v1/notifications/clear") == {}
    assert await alice.get("/api/v1/notifications") == []


async def test_an_emoji_reaction_shows_as_a_favourite(server: Server, alice: Person, dana: Actor) -> None:
    """Apps know no reactions; they count as likes and show as such."""
    from potluck.social import reactions

    status = await alice.say("react")
    async with server.db.write() as session:
        await reactions.react(session, await session.get_one(Actor, dana.id), int(status["id"]), "emoji", "🎂",
                              uri="https://far.example/r/1")
    found = await alice.get("/api/v1/notifications?types[]=favourite")
    fields.check_all(found, "Notification")
    assert found[0]["account"]["acct"] == "dana@far.example"
    assert (await alice.get(f"/api/v1/statuses/{status['id']}"))["favourites_count"] == 1


async def test_policy_and_requests(alice: Person, bob: Person, carol: Person) -> None:
    """Strangers are set aside where one wishes; accepted they are in the list, dismissed they are gone."""
    policy = await alice.get("/api/v2/notifications/policy")
    fields.check(policy, "NotificationPolicy")
    changed = await alice.patch("/api/v2/notifications/policy", data={"for_not_following": "filter"})
    assert changed == policy | {"for_not_following": "filter"}
    old = await alice.get("/api/v1/notifications/policy")
    fields.check(old, "OldNotificationPolicy")
    assert old["filter_not_following"] is True
    await bob.say("@alice one")
    last = await bob.say("@alice two")
    await carol.say("@alice three")
    assert await alice.get("/api/v1/notifications") == []
    aside = await alice.get(f"/api/v1/notifications?include_filtered=true&account_id={bob.id}")
    fields.check_all(aside, "Notification")
    assert [item["filtered"] for item in aside] == [True, True]
    found = await alice.get("/api/v1/notifications/requests")
    fields.check_all(found, "NotificationRequest")
    assert [(item["account"]["acct"], item["notifications_count"]) for item in found] == [("carol", "1"), ("bob", "2")]
    assert found[1]["last_status"]["id"] == last["id"]
    path = "/api/v1/notifications/requests"
    assert await alice.get(f"{path}/{found[1]['id']}") == found[1]
    assert (await bob.call("POST", f"{path}/{found[1]['id']}/accept")).status_code == 404
    assert (await alice.get("/api/v2/notifications/policy"))["summary"] == {
        "pending_requests_count": 2, "pending_notifications_count": 3}
    assert await alice.post(f"{path}/{found[1]['id']}/accept") == {}
    assert await alice.post(f"{path}/dismiss", data={"id[]": [found[0]["id"]]}) == {}
    assert await alice.get(f"{path}/merged") == {"merged": True}
    assert len(await alice.get("/api/v1/notifications")) == 2
    assert await alice.get(path) == []
    refused = await alice.call("PATCH", "/api/v2/notifications/policy", json={"for_new_accounts": "x"})
    assert refused.status_code == 422
    assert (await alice.patch("/api/v1/notifications/policy", json={"filter_not_following": False}))[
        "filter_not_following"] is False


async def test_ended_follows(alice: Person, dana: Actor) -> None:
    """Blocking a server tells what it cost."""
    await alice.post(f"/api/v1/accounts/{dana.id}/follow")
    await accepted(alice, dana)
    await alice.post("/api/v1/domain_blocks", data={"domain": "far.example"})
    found = await alice.get("/api/v1/notifications")
    fields.check_all(found, "Notification")
    assert [(item["type"], item["event"]["following_count"]) for item in found] == [("severed_relationships", 1)]
    grouped = await alice.get("/api/v2/notifications")
    fields.check(grouped, "GroupedNotifications")
    assert grouped["notification_groups"][0]["event"]["target_name"] == "far.example"


async def test_conversations(alice: Person, bob: Person) -> None:
    """Private messages are gathered by thread; read and unread are kept for each person."""
    first = await alice.say("@bob psst", visibility="direct")
    await bob.say("@alice yes?", visibility="direct", in_reply_to_id=first["id"])
    found = await alice.get("/api/v1/conversations")
    fields.check_all(found, "Conversation")
    assert [(item["unread"], [person["acct"] for person in item["accounts"]]) for item in found] == [(True, ["bob"])]
    path = f"/api/v1/conversations/{found[0]['id']}"
    assert (await alice.post(f"{path}/read"))["unread"] is False
    assert (await alice.post(f"{path}/unread"))["unread"] is True
    assert (await bob.call("POST", f"{path}/read")).status_code == 404
    assert [item["visibility"] for item in await alice.get("/api/v1/timelines/direct")] == ["direct"]
    assert await alice.delete(path) == {}
    assert await alice.get("/api/v1/conversations") == []


async def test_what_only_the_site_shows(alice: Person, bob: Person) -> None:
    """Apps have no word for what moderators of communities decide: it is in no list, no group and no count."""
    from potluck.social.notifications import Notice, notify

    async with alice.server.db.write() as session:
        [ident] = await notify(session, [Notice(alice.actor.id, "community_measure", bob.actor.id)])
    assert await alice.get("/api/v1/notifications") == []
    assert (await alice.get("/api/v2/notifications"))["notification_groups"] == []
    assert (await alice.get("/api/v1/notifications/unread_count"))["count"] == 0
    assert (await alice.call("GET", f"/api/v1/notifications/{ident}")).status_code == 404
