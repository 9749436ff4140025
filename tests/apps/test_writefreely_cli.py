"""writefreely-cli 0.1: somebody writes from the command line, from `wfc login` to `wfc logout`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apps.conftest import Backdrop
from apps.visitor import Visitor
from potluck.demo.cast import PASSWORD
from support import clients

pytestmark = pytest.mark.timeout(280)


class Wfc:
    """Bob at his command line."""

    def __init__(self, program: Path, environ: dict[str, str], home: Path) -> None:
        self._program, self._environ, self._home = program, environ, home

    def __call__(self, *words: str, fails: int = 0, **environ: str) -> Any:
        """Run a command; returns the JSON it printed."""
        done = subprocess.run([self._program, "--json", *words], env={**self._environ, **environ}, cwd=self._home,
                              text=True, capture_output=True, timeout=60, check=False)
        assert done.returncode == fails, f"wfc {' '.join(words)}: {done.returncode} {done.stdout} {done.stderr}"
        return json.loads(done.stdout) if done.stdout else None


@pytest.fixture
def app_password(backdrop: Backdrop) -> str:
    """An app password that Bob makes in his settings."""
    async def make() -> str:
        async with Visitor() as visitor:
            page = await visitor.get(f"{backdrop.url}/settings/app-passwords")
            page = await visitor.submit(page.form("/signin"), login="bob", password=PASSWORD)
            page = await visitor.submit(page.form("/settings/app-passwords"), name="wfc", family="writefreely")
            return page.codes[-1]

    return backdrop.run(make())


@pytest.fixture
def wfc(backdrop: Backdrop, environ: dict[str, str], home: Path, app_password: str) -> Wfc:
    """The command line of Bob, who signed in with `wfc login`."""
    made = Wfc(clients.python_client("writefreely-cli") / "wfc", environ, home)
    found = made("login", backdrop.url, "--alias", "bob", WF_PASSWORD=app_password)
    assert found["username"] == "bob"
    return made


def test_a_writers_day(wfc: Wfc, backdrop: Backdrop, home: Path) -> None:
    """A draft, its revision, a blog of one's own, publishing, changing, pinning, taking back, deleting, leaving."""
    text = home / "bread.md"
    text.write_text("# On bread\n\nFlour, *water*, salt #baking\n", encoding="utf-8")
    assert wfc("whoami")["username"] == "bob"
    post = wfc("new", str(text))
    assert (post["title"], post["status"]) == ("On bread", "draft")
    wfc("update", post["id"], "--title", "On good bread")
    assert [row["title"] for row in wfc("list", "--drafts")] == ["On good bread"]
    assert wfc("show", post["id"], "--body-only")["body"] == "Flour, *water*, salt #baking"
    assert "<em>water</em>" in wfc("render", str(text))["html"]

    wfc("blog", "create", "bobs-oven", "--title", "Bob's oven", "--yes")
    wfc("blog", "update", "bobs-oven", "--mathjax", "off", "--email-subs", "off", "--description", "Warm", "--yes")
    assert {"bob", "bobs-oven"} <= {row["alias"] for row in wfc("blogs")}
    assert wfc("blog", "show", "bobs-oven")["description"] == "Warm"

    out = wfc("publish", post["id"], "--blog", "bobs-oven", "--yes")
    assert out["url"] == f"{backdrop.url}/@bobs_oven/on-good-bread"
    text.write_text("Flour, water, salt, and time\n", encoding="utf-8")
    wfc("edit-live", post["id"], str(text), "--yes")
    wfc("pin", post["id"], "--blog", "bobs-oven", "--yes")
    wfc("unpin", post["id"], "--blog", "bobs-oven", "--yes")
    assert [row["id"] for row in wfc("list", "--blog", "bobs-oven")] == [post["id"]]
    shown = wfc("show", post["id"])
    assert (shown["status"], shown["blog"], shown["body"]) == ("published", "bobs-oven", "Flour, water, salt, and time")

    wfc("unpublish", post["id"], "--yes")
    assert wfc("show", post["id"])["status"] == "draft"
    wfc("publish", post["id"], "--blog", "bobs-oven", "--keep-date", "--yes")
    wfc("blog", "delete", "bobs-oven", "--yes")
    assert [row["id"] for row in wfc("list", "--drafts")] == [post["id"]]
    wfc("delete", post["id"], "--yes")
    assert post["id"] not in [row["id"] for row in wfc("list")]
    wfc("logout")
    wfc("whoami", fails=3)
