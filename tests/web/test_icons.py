"""Icons are references into one sprite, and a wrong name shows at once."""

import re
from pathlib import Path

import pytest

from potluck.web.icons import icon, icon_names

TEMPLATES = Path(__file__).parents[2] / "src/potluck/web/templates"


def test_refuses_unknown_name() -> None:
    """A name that the sprite does not have is an error, not an empty picture."""
    with pytest.raises(KeyError, match="no icon called 'spoon'"):
        icon("spoon")


def test_hides_decoration_from_screen_readers() -> None:
    """An icon without a text alternative is decoration."""
    assert 'aria-hidden="true"' in icon("star")


def test_escapes_text_alternative() -> None:
    """A text alternative is text, whatever it contains."""
    assert 'role="img" aria-label="&#34;&gt;&lt;b&gt;"' in icon("star", '"><b>')


def test_templates_name_only_icons_of_the_sprite() -> None:
    """Every icon that a template names outright exists."""
    named = {
        name
        for template in TEMPLATES.rglob("*.html")
        for name in re.findall(r"""\bicon\(["']([^"']+)["']""", template.read_text(encoding="utf-8"))
    }
    assert named <= icon_names()
