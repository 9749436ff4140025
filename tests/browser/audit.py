"""Looks at a page as its most demanding readers do: axe-core, both colour schemes, desk and phone, a narrow window."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AxeBase
from playwright.sync_api import Page

_DESK, _PHONE, _NARROW = (1280, 900), (390, 844), (360, 740)
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
_Look = tuple[tuple[int, int], str, dict[str, Any]]
_EVERY_PAGE: tuple[_Look, ...] = ((_DESK, "light", {}), (_PHONE, "dark", {}))
_THE_FRAME: tuple[_Look, ...] = ((_PHONE, "light", _CONTRAST), (_DESK, "dark", _CONTRAST))


class Axe(AxeBase):
    """axe-core, put into a page once."""

    @staticmethod
    def run(page: Page, options: dict[str, Any]) -> list[dict[str, Any]]:
        """Serious and critical violations on the page as it is shown now."""
        if not page.evaluate("'axe' in window"):
            page.evaluate(Axe().axe_script)
        found: dict[str, Any] = page.evaluate("options => axe.run(document, options)",
                                              {"resultTypes": ["violations"], **options})
        return [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]


def audit(page: Page, *, frame: bool = True) -> list[str]:
    """What is wrong with the page that is open, in words; it is left as wide as it was.

    Args:
        page: what is open.
        frame: look also at what only a phone or only a desk shows in the other colours. That is the frame around all
            pages, so of many pages one will do; by far the most of the time goes into contrasts.
    """
    was = page.viewport_size
    faults = []
    for (width, height), scheme, options in (*_EVERY_PAGE, *(_THE_FRAME if frame else ())):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for one in Axe.run(page, options):
            where = "; ".join(f"{node['html'][:160]} {node['failureSummary'][:300]}" for node in one["nodes"][:3])
            faults.append(f"{page.url} ({width}, {scheme}): {one['id']}: {one['help']}: {where}")
    page.set_viewport_size({"width": _NARROW[0], "height": _NARROW[1]})
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if wide[0] > wide[1]:
        out = page.evaluate("""() => [...document.querySelectorAll('body *')]
            .filter(one => one.getBoundingClientRect().right > innerWidth + 1).slice(0, 3)
            .map(one => one.outerHTML.slice(0, 160))""")
        faults.append(f"{page.url}: {wide[0]} px wide in a window of {wide[1]}: {out}")
    page.emulate_media(color_scheme="light")
    if was is not None:
        page.set_viewport_size(was)
    return faults
