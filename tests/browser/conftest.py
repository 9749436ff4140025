"""One server with the demonstration's cast for all tests of this folder, another one to federate with, and Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser.people import Person
from potluck.demo.cast import PASSWORD
from support import chromium
from support import servers as api
from support.servers import Server, free_port
from support.stage import Stage

Open = Callable[..., Person]


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """What servers run on."""
    with Stage() as made:
        yield made


@pytest.fixture(scope="session")
def site(stage: Stage) -> Server:
    """The server under test; by the name `localhost`, since browsers give passkeys to names and not to addresses."""
    port = free_port()
    return stage.server(demo=True, port=port, url=f"http://localhost:{port}", sign_up="open",
                        allow_private="127.0.0.0/8,::1/128")


@pytest.fixture(scope="session")
def carol(stage: Stage) -> api.Person:
    """Someone on another server."""
    elsewhere = stage.server(allow_private="127.0.0.0/8,::1/128")
    return stage.run(elsewhere.person("carol"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**chromium.launch_options())
        yield started
        started.close()


@pytest.fixture(params=[True, False], ids=["scripts", "plain"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Each journey is made with scripts and without."""
    return bool(request.param)


@pytest.fixture
def open_browser(browser: Browser, site: Server) -> Iterator[Open]:
    """Opens a browser for someone; at the end none of them may have complained, about the content policy above all."""
    opened: list[Person] = []

    def start(*, scripts: bool = True, base: str = "", **options: Any) -> Person:
        context = browser.new_context(java_script_enabled=scripts, locale="en-GB", timezone_id="UTC", **options)
        opened.append(Person(context, base or site.url, scripts=scripts))
        return opened[-1]

    yield start
    faults = [fault for person in opened for fault in person.faults]
    for person in opened:
        person.page.context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="session")
def sign_ins(browser: Browser, site: Server) -> Callable[[str], Any]:
    """Cookies of someone of the cast who signed in, made once for each."""
    known: dict[str, Any] = {}

    def state(name: str) -> Any:
        if name not in known:
            context = browser.new_context()
            person = Person(context, site.url, scripts=True)
            person.sign_in(name, PASSWORD)
            person.is_at("/home")
            known[name] = person.state()
            context.close()
        return known[name]

    return state


@pytest.fixture
def as_(open_browser: Open, sign_ins: Callable[[str], Any]) -> Open:
    """A browser of someone of the cast, signed in: `as_("alice", scripts=False)`."""
    def start(name: str, **options: Any) -> Person:
        return open_browser(storage_state=sign_ins(name), **options)

    return start
