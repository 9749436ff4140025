"""Drives client libraries that live in environments of their own: one line of JSON per call, one per answer.

    with Program([python, "drivers/mastodon_py.py"]) as program:
        alice = program.person("alice", base=url, token=token)
        alice.status_post("hello")
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

DRIVERS = Path(__file__).parent / "drivers"
_SECONDS = 30


class Refused(Exception):
    """The client library raised an error; `kind` is its class."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


def wait_for(look: Callable[[], T], *, seconds: float = _SECONDS) -> T:
    """The first true result of `look`, asked again and again.

    Raises:
        AssertionError: it did not become true in time.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds} s; last seen: {found!r}")
        time.sleep(0.1)
    return found


class Program:
    """A running driver."""

    def __init__(self, command: Sequence[str | Path], environ: Mapping[str, str], folder: Path) -> None:
        self._process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(environ),
            cwd=folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, **question: Any) -> Any:
        """Send a question; returns the answer's value.

        Raises:
            Refused: the library raised an error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watch = threading.Timer(_SECONDS, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        assert line, f"the driver ended or did not answer: {question}"
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"]["type"], answer["error"]["text"])
        return answer["value"]

    def person(self, who: str, **options: Any) -> Client:
        """A client for someone; `options` are for the library's own constructor."""
        self.ask(do="open", who=who, options=options)
        return Client(self, who)


class Client:
    """Someone's client. Every attribute is a function of the library: `alice.status_post("hello")`."""

    def __init__(self, program: Program, who: str) -> None:
        self._program, self._who = program, who

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            return self.do(name, *arguments, **named)

        return call

    def do(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call a function of the library by name."""
        return self._program.ask(do="call", who=self._who, name=name, arguments=arguments, named=named)

    def pages(self, name: str, *arguments: Any, **named: Any) -> list[list[Any]]:
        """Call a function that gives a list, and follow its pages to the end."""
        found: list[list[Any]] = self._program.ask(
            do="pages", who=self._who, name=name, arguments=arguments, named=named)
        return found

    def listen(self, transport: str, stream: str = "user", **parameters: Any) -> None:
        """Open a stream and collect what comes."""
        self._program.ask(do="listen", who=self._who, transport=transport, stream=stream, parameters=parameters)

    def heard(self) -> list[dict[str, Any]]:
        """What came over the streams so far: `{"event": name, "payload": …}`."""
        found: list[dict[str, Any]] = self._program.ask(do="heard", who=self._who)
        return found

    def will_hear(self, event: str, fits: Callable[[Any], bool] = bool) -> Any:
        """Wait for an event whose payload fits; returns the payload."""
        def look() -> list[Any]:
            return [one for one in self.heard() if one["event"] == event and fits(one["payload"])]

        return wait_for(look)[0]["payload"]

    def hush(self) -> None:
        """Close the streams and forget what came."""
        self._program.ask(do="hush", who=self._who)
