"""The `icon` of the templates: a reference into the sprite that every page carries."""

import re
from functools import cache
from importlib.resources import files

from markupsafe import Markup

SPRITE = "templates/components/icons.svg"
_SYMBOL = re.compile(r'<symbol id="i-([a-z0-9-]+)"')


@cache
def icon_names() -> frozenset[str]:
    """Names of all icons in the sprite."""
    sprite = files("potluck.web").joinpath(SPRITE).read_text(encoding="utf-8")
    return frozenset(_SYMBOL.findall(sprite))


@cache
def icon(name: str, label: str = "") -> Markup:
    """Draw an icon of the sprite.

    `label` is its text alternative; without one it is decoration and hidden from screen readers.
    Raises KeyError for a name that the sprite does not have, so that a typing error shows at once.
    """
    if name not in icon_names():
        raise KeyError(f"no icon called {name!r}")
    text = Markup(' role="img" aria-label="{}"').format(label) if label else Markup(' aria-hidden="true"')
    return Markup('<svg class="icon icon-{}"{}><use href="#i-{}"/></svg>').format(name, text, name)
