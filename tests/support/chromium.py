"""The browser of the tests: the system's Chromium, driven by Playwright, silent towards the world.

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chromium.launch_options())
"""

from __future__ import annotations

from typing import Any

import system_packages

# No sandbox, because CI runs as root, where Chromium's own refuses to start; it visits our own pages only.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-default-browser-check",
    "--disable-domain-reliability", "--metrics-recording-only",
)


class ChromiumUnavailable(RuntimeError):
    """There is no Chromium. A test that needs it fails, it is never skipped."""


def launch_options(*further: str) -> dict[str, Any]:
    """Keyword arguments for `playwright.chromium.launch`, sync or async.

    Args:
        further: command line arguments beside the usual ones.

    Raises:
        ChromiumUnavailable: it is not installed.
    """
    found = system_packages.chromium()
    if found is None:
        raise ChromiumUnavailable("Chromium is not installed: run `python3 tools/setup.py --test`")
    return {"executable_path": str(found), "args": [*ARGUMENTS, *further], "headless": True}
