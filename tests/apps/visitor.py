"""Someone with a browser that knows no scripts: follows links, fills in forms, keeps cookies."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp
from yarl import URL


@dataclass(slots=True)
class Form:
    """A form and its fields as they stand."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    checked: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, values: dict[str, str]) -> list[tuple[str, str]]:
        """What a browser sends: the fields with some filled in, and the boxes that are ticked."""
        kept = [(name, value) for name, value in (*self.fields.items(), *self.checked) if name not in values]
        return [*kept, *values.items()]


@dataclass(slots=True)
class Page:
    """What came back."""

    url: str
    status: int
    text: str
    forms: list[Form]
    codes: list[str]

    def form(self, action: str) -> Form:
        """The form with this path as action."""
        for form in self.forms:
            if urlsplit(form.action).path == action:
                return form
        raise AssertionError(f"{self.url} ({self.status}) has no form for {action}:\n{self.text[:2000]}")


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.codes: list[str] = []
        self._open: Form | None = None
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(urljoin(self.url, at.get("action", "")), at.get("method", "get").lower())
            self.forms.append(self._open)
        elif tag == "code":
            self._in_code = True
        elif self._open is not None and at.get("name"):
            if tag == "button":
                self._open.buttons.append((at["name"], at.get("value", "")))
            elif tag == "input" and at.get("type") not in {"checkbox", "radio"}:
                self._open.fields[at["name"]] = at.get("value", "")
            elif tag == "input" and "checked" in at:
                self._open.checked.append((at["name"], at.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "code":
            self._in_code = False

    def handle_data(self, data: str) -> None:
        if self._in_code and data.strip():
            self.codes.append(data.strip())


class Visitor:
    """A visitor; use it as an asynchronous context."""

    def __init__(self) -> None:
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True),
                                             headers={"Accept": "text/html", "User-Agent": "Visitor/1"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.close()

    async def get(self, url: str) -> Page:
        """Open a page."""
        async with self._client.get(URL(url, encoded=True)) as answer:
            return await self._page(answer)

    async def submit(self, form: Form, **values: str) -> Page:
        """Send a form with some fields filled in."""
        async with self._client.post(URL(form.action, encoded=True), data=form.filled(values)) as answer:
            return await self._page(answer)

    async def location(self, form: Form, **values: str) -> str:
        """Send a form and say where it leads, without going there."""
        async with self._client.post(URL(form.action, encoded=True), data=form.filled(values),
                                     allow_redirects=False) as answer:
            assert answer.status in {302, 303}, await answer.text()
            return answer.headers["Location"]

    async def _page(self, answer: aiohttp.ClientResponse) -> Page:
        text = await answer.text()
        reader = _Reader(str(answer.url))
        reader.feed(text)
        return Page(str(answer.url), answer.status, text, reader.forms, reader.codes)

    async def asked_for_consent(self, authorize_url: str, name: str, password: str) -> Form:
        """Follow an app's authorize link, sign in, and stand before the question."""
        page = await self.get(authorize_url)
        assert urlsplit(page.url).path == "/signin", f"{page.status} {page.url}\n{page.text[:2000]}"
        page = await self.submit(page.form("/signin"), login=name, password=password)
        assert urlsplit(page.url).path == "/oauth/authorize", f"{page.status} {page.url}\n{page.text[:2000]}"
        return page.form("/oauth/authorize")

    async def code_shown(self, consent: Form) -> str:
        """Let the app in and copy the code that is shown."""
        page = await self.submit(consent, decision="allow")
        assert page.status == 200, page.text[:2000]
        return page.codes[0]

    async def led_back(self, consent: Form, decision: str) -> dict[str, str]:
        """Decide, and say what the app's own address is called with."""
        there = await self.location(consent, decision=decision)
        return {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
