"""Two servers for all tests of this folder; apps reach the first through a recorder that notices every gap."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
import pyvips

from apps.recorder import Recorder
from apps.visitor import Visitor
from potluck.demo.cast import PASSWORD
from support.servers import free_port
from support.stage import Stage


class Backdrop(Stage):
    """The servers, and the recorder between the first one and its apps.

    Attributes:
        here: with the demonstration's cast: alice, bob, eve (locked), dave, mia, mona.
        there: another server with Carol on it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.recorder = Recorder()

    def __enter__(self) -> Self:
        super().__enter__()
        self.run(self.recorder.start())
        self.stack.push_async_callback(self.recorder.stop)
        port = free_port()
        self.recorder.target = f"http://127.0.0.1:{port}"
        self.here = self.server(demo=True, port=port, url=self.recorder.url, legacy_passwords="true",
                                lemmy_host=self.lemmy_url.partition("://")[2])
        self.there = self.server()
        self.carol = self.run(self.there.person("carol"))
        return self

    @property
    def url(self) -> str:
        """Public base URL of the first server."""
        return self.recorder.url

    @property
    def lemmy_url(self) -> str:
        """The same server under the name by which it is Lemmy."""
        return f"http://localhost:{self.recorder.port}"

    def authorize(self, url: str, name: str) -> str:
        """Let an app in as someone; returns the code that is shown."""
        async def work() -> str:
            async with Visitor() as visitor:
                return await visitor.code_shown(await visitor.asked_for_consent(url, name, PASSWORD))

        return self.run(work())


@pytest.fixture(scope="session")
def backdrop() -> Iterator[Backdrop]:
    """The two servers, started once."""
    with Backdrop() as made:
        yield made


@pytest.fixture(autouse=True)
def recorder(backdrop: Backdrop) -> Iterator[Recorder]:
    """Fails a test in which an app was told 400, 404, 422 or worse, unless the test said so."""
    backdrop.recorder.fresh()
    before = len(backdrop.here.log())
    yield backdrop.recorder
    troubles, unmet = backdrop.recorder.troubles(), backdrop.recorder.unmet()
    assert not troubles, "answers that look like gaps:\n" + "\n".join(
        [*map(str, troubles), backdrop.here.log()[before:][-6000:]])
    assert not unmet, f"expected, but did not happen: {unmet}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty home folder for a program."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def environ(home: Path) -> dict[str, str]:
    """An environment that knows nothing of whoever runs the tests."""
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "LANG", "TMPDIR"}}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "PYTHONWARNINGS": "ignore",
            "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo, 300 by 200."""
    path = tmp_path_factory.mktemp("photo") / "wall.jpg"
    plane = pyvips.Image.xyz(300, 200)
    plane[0].bandjoin([plane[1], 120]).cast("uchar").copy(interpretation="srgb").write_to_file(str(path))
    return path
