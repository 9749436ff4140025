"""Functions get what they name, after the guards of their part have let the request pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx
import pytest
from litestar import Litestar, Response
from litestar.datastructures import UploadFile
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from potluck.handlers import Handler, Part, get, post
from potluck.switchboard import AnyRequest, Switchboard

Client = Callable[..., httpx.AsyncClient]


def _refuse(_: AnyRequest, error: Exception) -> Response[str]:
    return Response(type(error).__name__, status_code=getattr(error, "status_code", 500), media_type="text/plain",
                    headers=getattr(error, "headers", None) or {})


def _client(part: Part, handlers: Iterable[Handler]) -> httpx.AsyncClient:
    answered = Switchboard(Litestar(openapi_config=None), {_refuse: part.endpoints(handlers)})
    transport = httpx.ASGITransport(app=answered)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="https://potluck.test")


def _text(text: object, **options: Any) -> Response[str]:
    return Response(str(text), media_type="text/plain", **options)


async def _language(request: AnyRequest) -> str:
    return str(request.headers.get("accept-language", "en"))


@get("/", "/start")
async def start(lang: str) -> Response[str]:
    return _text(f"welcome {lang}")


@get("/people/{name:str}/posts/{number:int}", "/posts/{number:int}/by/{name:str}")
async def show(request: AnyRequest, number: int, name: str) -> Response[str]:
    return _text(f"{request.method} {number + 1} {name}")


@get("/posts/{number:int}/plain")
async def plain() -> Response[str]:
    return _text("no argument is wanted")


@post("/posts", status_code=202, max_body=10)
async def send(request: AnyRequest) -> Response[str]:
    return _text(len(await request.body()))


@post("/posts/now", status_code=202)
async def send_now() -> Response[str]:
    return _text("made", status_code=201)


HANDLERS = (start, show, plain, send, send_now)


@pytest.mark.parametrize(("path", "said"), [
    ("/", "welcome en"), ("/start", "welcome en"), ("/people/ann/posts/7", "GET 8 ann"),
    ("/posts/7/by/ann%20b", "GET 8 ann b"), ("/posts/1/plain", "no argument is wanted"),
])
async def test_arguments(path: str, said: str) -> None:
    """Parts of the path, the request, and what the part of the server provides come by their names."""
    async with _client(Part(provided={"lang": _language}), HANDLERS) as http:
        assert (await http.get(path)).text == said


@pytest.mark.parametrize("number", ["x", "-1", "+1", "1.0", "1_0", "%C2%B2", str(2**53), "9" * 300, "%20"])
async def test_numbers_that_no_id_can_be(number: str) -> None:
    """Lead nowhere, and reach no function."""
    async with _client(Part(provided={"lang": _language}), HANDLERS) as http:
        answer = await http.get(f"/people/ann/posts/{number}")
        assert (answer.status_code, answer.text) == (404, "NotFoundException")


async def test_statuses_and_bodies() -> None:
    """A handler's status is that of answers without one; no body is read beyond its limit."""
    async with _client(Part(provided={"lang": _language}), HANDLERS) as http:
        assert (await http.post("/posts", content=b"x" * 10)).status_code == 202
        assert (await http.post("/posts", content=b"x" * 11)).status_code == 413
        assert (await http.post("/posts/now")).status_code == 201


async def test_methods() -> None:
    """OPTIONS says which there are, and so does the refusal of others."""
    async with _client(Part(provided={"lang": _language}), HANDLERS) as http:
        options, refused = await http.options("/posts"), await http.get("/posts")
    assert (options.status_code, options.headers["allow"], options.content) == (204, "OPTIONS, POST", b"")
    assert (refused.status_code, refused.headers["allow"]) == (405, "OPTIONS, POST")


async def test_guards_come_first() -> None:
    """In their order, before anything is provided; what one raises is the answer."""
    seen: list[str] = []

    async def look(_: AnyRequest, handler: Handler) -> None:
        seen.append(f"look {sorted(handler.opt)}")

    async def refuse(request: AnyRequest, _: Handler) -> None:
        seen.append("refuse")
        if "no" in request.query_params:
            raise PermissionError

    async def form(_: AnyRequest) -> str:
        seen.append("form")
        return "sent"

    @post("/form", status_code=200, opt=("large",))
    async def fill(form: str) -> Response[str]:
        return _text(form)

    async with _client(Part(guards=(look, refuse), provided={"form": form}), [fill]) as http:
        assert (await http.post("/form?no=1")).text == "PermissionError"
        assert seen == ["look ['large']", "refuse"]
        assert (await http.post("/form")).text == "sent"
    assert seen[2:] == ["look ['large']", "refuse", "form"]


async def test_what_is_put_round_answers() -> None:
    """Each answer of a part passes it, but not its refusals."""

    def signed(answer: ASGIApp) -> ASGIApp:
        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], (b"x-part", b"site")]
                await send(message)

            await answer(scope, receive, sending)

        return answering

    async with _client(Part(provided={"lang": _language}, wrapped=signed), HANDLERS) as http:
        assert (await http.get("/")).headers["x-part"] == "site"
        assert "x-part" not in (await http.get("/people/ann/posts/x")).headers


@pytest.mark.parametrize("fails", [False, True])
async def test_files_of_a_form_are_closed(fails: bool) -> None:
    """Also where the function fails."""
    files: list[UploadFile] = []

    @post("/files", status_code=200)
    async def take(request: AnyRequest) -> Response[str]:
        sent = (await request.form())["file"]
        files.append(sent)
        assert await sent.read() == b"soup"
        if fails:
            raise RuntimeError
        return _text("taken")

    async with _client(Part(), [take]) as http:
        answer = await http.post("/files", files={"file": ("soup.txt", b"soup")})
    assert answer.text == ("RuntimeError" if fails else "taken")
    assert files[0].file.closed


def test_what_nobody_provides() -> None:
    """Is noticed at the start, not when somebody asks."""
    with pytest.raises(ValueError, match="start wants lang, which nobody provides"):
        Part().endpoints([start])
