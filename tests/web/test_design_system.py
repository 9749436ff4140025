"""The design page shows every component, colours keep their contrast, the CSP needs no exception."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from potluck.web.icons import icon, icon_names

ROOT = Path(__file__).parents[2]
CSS = ROOT / "frontend/css"
SMALLEST_TEXT_CONTRAST = 4.5
SMALLEST_BORDER_CONTRAST = 3.0


@cache
def design_page() -> str:
    """The design page as someone signed in sees it."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "src/potluck/web/templates"),
        autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.i18n"],
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return environment.get_template("design.html").render(
        icon=icon, icon_names=sorted(icon_names()), asset=lambda name: f"/static/{name}",
        path="/design", lang="en", dir="ltr", csrf_token=lambda: "token",
        csrf_field=lambda: Markup('<input type="hidden" name="_csrf">'),
        site={"title": "Potluck", "url": "https://potluck.example", "description": "", "source_url": ""},
        viewer={"name": "Alice", "handle": "@alice", "url": "/@alice", "avatar_url": "/a.png",
                "is_admin": True, "unread_notifications": 120},
    )


def test_design_page_shows_every_macro_file() -> None:
    """Whoever adds a file of components shows it on the design page."""
    source = (ROOT / "src/potluck/web/templates/design.html").read_text(encoding="utf-8")
    components = {path.name for path in (ROOT / "src/potluck/web/templates/components").glob("*.html")}
    # These two are on every page, or drawn by the post card.
    missing = {name for name in components if name not in source} - {"nav.html", "attachments.html"}
    assert not missing


def test_no_markup_that_the_csp_refuses() -> None:
    """No style attribute, no inline script, no event handler: the policy allows none of them."""
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", design_page())
    assert not re.search(r"<script(?![^>]*\bsrc=)", design_page())


def test_ids_are_unique() -> None:
    """An id names one element, else labels and fragments lead to the wrong one."""
    ids = re.findall(r'<[^>]*?\sid="([^"]+)"', design_page())
    assert len(ids) == len(set(ids))


def test_large_counts_stay_short() -> None:
    """More than 99 unread notifications are "99+"."""
    assert "<span data-count>99+</span>" in design_page()


class Colour(NamedTuple):
    """A token's value in the light and in the dark theme, as #rrggbb."""

    light: str
    dark: str


def tokens() -> dict[str, Colour]:
    text = (CSS / "tokens.css").read_text(encoding="utf-8")
    first_rule = text.split("@media", 1)[0]
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", first_rule)
    return {name: Colour(light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2.2 defines it, 0 to 1."""
    channels = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG 2.2 defines it, 1 to 21."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


SURFACES = ("paper", "surface", "inset")
TEXT_PAIRS = [
    *((text, ground) for text in ("ink", "ink-muted", "link", "accent-strong") for ground in SURFACES),
    *((bowl, ground) for bowl in ("basil", "saffron", "blueberry", "tomato", "accent") for ground in SURFACES),
    ("accent-ink", "accent"), ("accent-ink", "accent-strong"), ("accent-strong", "accent-soft"),
    ("tomato-ink", "tomato"), ("paper", "ink"),
    *((colour, f"{colour}-soft") for colour in ("basil", "saffron", "blueberry", "tomato")),
    *(("ink", f"{colour}-soft") for colour in ("basil", "saffron", "blueberry", "tomato", "accent")),
]


@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_contrast(text: str, ground: str, theme: str) -> None:
    """Text keeps the contrast that WCAG AA asks for, in both themes."""
    colours = tokens()
    found = contrast(getattr(colours[text], theme), getattr(colours[ground], theme))
    assert found >= SMALLEST_TEXT_CONTRAST, f"{found:.2f}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "surface"])
def test_border_contrast(ground: str, theme: str) -> None:
    """The edge of a field or button can be seen (WCAG 1.4.11)."""
    colours = tokens()
    edge = contrast(getattr(colours["line-strong"], theme), getattr(colours[ground], theme))
    assert edge >= SMALLEST_BORDER_CONTRAST, f"{edge:.2f}"


def test_css_uses_only_defined_tokens() -> None:
    """A custom property that nothing defines would silently fall back."""
    defined: set[str] = set()
    used: set[str] = set()
    for sheet in CSS.glob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        defined.update(re.findall(r"(--[a-z0-9-]+)\s*:", text))
        used.update(re.findall(r"var\((--[a-z0-9-]+)", text))
    assert used <= defined


def test_css_has_no_left_and_right() -> None:
    """Logical properties only, so that right-to-left languages work."""
    physical = re.compile(r"(?<![\w-])(?:margin|padding|border)-(?:left|right)|(?<![\w-])(?:left|right)\s*:")
    sheets = {sheet.name: sheet.read_text(encoding="utf-8") for sheet in CSS.glob("*.css")}
    assert not [name for name, text in sheets.items() if physical.search(text)]
