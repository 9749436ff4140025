"""Someone before a browser, by what they see: labels, buttons, headings."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

# A page that says "not found", or a form that is not accepted, is in the console as a failed request; tests look at
# what the page itself says instead.
_ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


class Person:
    """Someone with a browser of their own.

    Attributes:
        page: the page before them.
        faults: what the console or the page complained about, violations of the content policy among it.
    """

    def __init__(self, context: BrowserContext, base: str, *, scripts: bool) -> None:
        self.base, self.scripts = base, scripts
        self.faults: list[str] = []
        context.on("page", self._watch)
        self.page = context.new_page()

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
        page.set_default_timeout(15_000)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not _ANSWERED.search(message.text):
            self.faults.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> None:
        """Open a page of the site."""
        answer = self.page.goto(f"{self.base}{path}" if path.startswith("/") else path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"

    def fill(self, label: str, text: str) -> None:
        """Write into a field."""
        self.page.get_by_label(label, exact=False).first.fill(text)

    def press(self, name: str, *, within: Locator | None = None) -> None:
        """Press the button whose name begins so."""
        (within or self.page).get_by_role("button", name=re.compile(f"^{re.escape(name)}")).first.click()

    def follow_link(self, name: str, *, within: Locator | None = None) -> None:
        """Follow a link."""
        (within or self.page).get_by_role("link", name=name).first.click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Text becomes visible."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def is_at(self, path: str) -> None:
        """The browser comes to a page."""
        expect(self.page).to_have_url(re.compile(re.escape(self.base) + path))

    def post_with(self, text: str) -> Locator:
        """The card of a post that contains a text."""
        return self.page.get_by_role("article").filter(has_text=text).first

    def sign_in(self, name: str, password: str) -> None:
        """Sign in with a password."""
        self.go("/signin")
        self.fill("User name or e-mail address", name)
        self.fill("Password", password)
        self.press("Sign in")

    def say(self, text: str) -> None:
        """Post something from the composer's own page."""
        self.go("/compose")
        self.page.get_by_label("Your post").fill(text)
        self.press("Post")
        expect(self.post_with(text)).to_be_visible()

    def state(self) -> Any:
        """Cookies and storage, for another browser of the same person."""
        return self.page.context.storage_state()
