"""tooi 0.27 rejects a whole answer when one key is missing or of the wrong type: its models judge ours."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from apps.bridge import DRIVERS
from apps.conftest import Backdrop
from support import clients
from support.servers import Person

pytestmark = pytest.mark.timeout(280)


async def _collect(alice: Person, carol: Person) -> list[tuple[str, Any]]:
    """Answers of every kind: public, private, boosted, with poll and warning, from here and from elsewhere."""
    far = await alice.find(carol)
    said = await alice.find((await carol.say("Judged by models"))["url"]) if far else None
    poll = await alice.say("Judge this", poll={"options": ["yes", "no"], "expires_in": 600}, spoiler_text="court")
    await alice.post(f"/api/v1/statuses/{poll['id']}/favourite")
    await alice.post(f"/api/v1/statuses/{poll['id']}/reblog")
    me = await alice.get("/api/v1/accounts/verify_credentials")
    app = await alice.post("/api/v1/apps", client_name="Judge", redirect_uris="urn:ietf:wg:oauth:2.0:oob")
    context = await alice.get(f"/api/v1/statuses/{poll['id']}/context")
    relationships = await alice.get(f"/api/v1/accounts/relationships?id[]={far['id']}&id[]={me['id']}")
    lists: dict[str, str] = {
        "Status": "/api/v1/timelines/home?limit=40", "Account": f"/api/v1/accounts/{me['id']}/followers",
        "Notification": "/api/v1/notifications?limit=40", "Conversation": "/api/v1/conversations",
        "Rule": "/api/v1/instance/rules", "Tag": "/api/v1/trends/tags", "CustomEmoji": "/api/v1/custom_emojis",
        "Filter": "/api/v2/filters", "PreviewCard": "/api/v1/trends/links"}
    found: list[tuple[str, Any]] = [
        ("Status", said), ("Status", poll), ("Poll", poll["poll"]), ("Account", far), ("Account", me),
        ("CredentialApplication", app), ("Context", context), *[("Relationship", one) for one in relationships],
        ("StatusSource", await alice.get(f"/api/v1/statuses/{poll['id']}/source")),
        ("Instance", await alice.get("/api/v1/instance")), ("InstanceV2", await alice.get("/api/v2/instance")),
        ("ExtendedDescription", await alice.get("/api/v1/instance/extended_description")),
        ("Search", await alice.get("/api/v2/search?q=alice")),
        ("Tag", await alice.get("/api/v1/tags/potluck"))]
    for entity, path in lists.items():
        found += [(entity, one) for one in await alice.get(path)]
    return found


def test_every_answer_satisfies_the_strictest_models(backdrop: Backdrop) -> None:
    """Accounts, posts, notifications, instance documents and the rest have every key with the type that tooi wants."""
    async def work() -> list[tuple[str, Any]]:
        return await _collect(await backdrop.here.signed_in("alice"), backdrop.carol)

    answers = backdrop.run(work())
    kinds = {entity for entity, _ in answers}
    assert {"Status", "Account", "Notification", "Conversation", "Relationship", "Tag"} <= kinds
    python = clients.python_client("tooi") / "python"
    done = subprocess.run([python, DRIVERS / "tooi_entities.py"], input=json.dumps(answers), text=True,
                          capture_output=True, check=True)
    assert json.loads(done.stdout) == []
