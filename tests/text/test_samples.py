"""HTML as real servers send it: harmless, stable, with its text whole."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from potluck.text.sanitise import sanitise_html, sanitise_inline, to_plain_text
from support.samples import SAMPLES
from text.harmless import assert_harmless

ROOT = Path(__file__).parents[2]


def texts(value: Any) -> Iterator[str]:
    """All strings in a document, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for member in value.values() if isinstance(value, dict) else value:
            yield from texts(member)


def test_every_string_of_every_sample_is_sanitised_harmless_and_stable() -> None:
    """Whatever a known server sends in any field, sanitising it works, and works once."""
    paths = sorted(SAMPLES.rglob("*.json"))
    if not paths:
        pytest.fail("payload samples are absent: expected shared/wire/samples beside the repository")
    for path in paths:
        for text in texts(json.loads(path.read_text(encoding="utf-8"))):
            for form in (sanitise_html, sanitise_inline):
                html = form(text)
                assert_harmless(html)
                assert form(html) == html, path


def test_content_of_every_note_keeps_its_text() -> None:
    """Sanitising a post takes none of its words."""
    kept = 0
    for path in sorted(SAMPLES.rglob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        inner = document.get("object", document) if isinstance(document, dict) else document
        content = inner.get("content") if isinstance(inner, dict) else None
        if isinstance(content, str):
            assert to_plain_text(sanitise_html(content)).split() == to_plain_text(content).split(), path
            kept += 1
    assert kept > 50


def test_text_imports_nothing_else_of_potluck() -> None:
    """Text stands below all rooms, so that any of them may use it."""
    for path in (ROOT / "src" / "potluck" / "text").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [
                name for name in names if name.startswith("potluck") and not name.startswith("potluck.text")
            ]
