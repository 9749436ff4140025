"""What the tests of Lemmy's client libraries share: a password for apps, made in the settings, and signing in."""

from __future__ import annotations

from apps.bridge import Client, Program
from apps.conftest import Backdrop
from apps.visitor import Visitor
from potluck.demo.cast import PASSWORD


def app_password(backdrop: Backdrop, name: str) -> str:
    """An app password of somebody, as they would make it."""
    async def work() -> str:
        async with Visitor() as visitor:
            page = await visitor.get(f"{backdrop.url}/settings/app-passwords")
            page = await visitor.submit(page.form("/signin"), login=name, password=PASSWORD)
            page = await visitor.submit(page.form("/settings/app-passwords"), name="My bot", family="lemmy")
            assert page.codes[0] == name, page.text[:2000]
            return page.codes[1]

    return backdrop.run(work())


def signed_in(program: Program, backdrop: Backdrop, name: str) -> Client:
    """A client of somebody who has signed in with such a password."""
    return program.person(name, url=backdrop.url, login=[name, app_password(backdrop, name)])
