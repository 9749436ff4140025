"""fediverse-pasture's verify-actor: a strict stranger fetches an actor of ours and posts to its inbox."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from apps.bridge import DRIVERS
from apps.conftest import Backdrop
from apps.recorder import Recorder
from support import clients
from support.servers import free_port

pytestmark = pytest.mark.timeout(280)


@pytest.fixture(scope="module")
def verify_actor(environ: dict[str, str], home: Path) -> Iterator[str]:
    """The running program's address."""
    port = free_port()
    log = (home / "verify.log").open("wb")
    process = subprocess.Popen(
        [clients.python_client("fediverse-pasture") / "python", DRIVERS / "verify_actor.py", str(port)],
        env=environ, cwd=home, stdout=log, stderr=log)
    log.close()
    yield f"http://127.0.0.1:{port}/"
    process.terminate()
    process.wait(10)


async def verified(address: str, actor_uri: str) -> dict[str, Any]:
    """What the program finds out about an actor, asked until the program is up."""
    deadline = time.monotonic() + 40
    async with aiohttp.ClientSession(headers={"Accept": "application/json"}) as client:
        while True:
            try:
                async with client.post(address, data={"actor_uri": actor_uri}) as answer:
                    found: dict[str, Any] = await answer.json()
                    return found
            except aiohttp.ClientConnectorError:
                if time.monotonic() > deadline:
                    raise


@pytest.mark.parametrize("path", ["/users/alice", "/actor"])
def test_strict_stranger_can_read_us_and_write_to_us(verify_actor: str, backdrop: Backdrop, recorder: Recorder,
                                                     path: str) -> None:
    """WebFinger agrees with the actor; everyone may read it; signed posts enter, also from a server that wants signed
    fetches (Claire), and no others: unsigned ones (Alice, Dean), and actors without a name (Emily, Frank)."""
    recorder.expect(400, f"POST {path}/inbox")
    result = backdrop.run(verified(verify_actor, f"{backdrop.url}{path}"))
    found, messages = result["result"], result["messages"]
    assert found.pop("webfinger") is True, messages
    assert {name: row["get_actor"] for name, row in found.items()} == dict.fromkeys(found, True), messages
    accepted = {name for name, row in found.items() if row["post_inbox"]}
    assert accepted == {"bob", "claire"}, messages
