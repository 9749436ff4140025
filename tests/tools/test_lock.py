"""The locks."""

import re

from places import ROOT


def test_every_pin_has_a_hash_and_no_address() -> None:
    """Python's locks pin each library by version and hash, and name no host to fetch from."""
    for path in [*ROOT.glob("requirements*.lock"), *ROOT.glob("tests/support/locks/*.lock")]:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        assert "--index-url" not in text, path
        for pin in re.findall(r"^[A-Za-z0-9].*(?:\n .*)*", text, re.MULTILINE):
            assert re.match(r"[A-Za-z0-9._-]+==\S+", pin), pin
            assert "--hash=sha256:" in pin, pin


def test_node_locks_hold_no_address() -> None:
    """npm's locks hold versions and integrity hashes only."""
    for folder in [ROOT / "frontend", ROOT / "tests" / "support" / "locks" / "masto"]:
        text = (folder / "package-lock.json").read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count('"integrity"') == len(re.findall(r'^    "node_modules/', text, re.MULTILINE))


def test_development_agrees_with_production() -> None:
    """What the tests run with is what a server runs with: the same version of every library."""
    production, development = (dict(re.findall(r"^(\S+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"),
                                               re.MULTILINE))
                               for name in ("requirements.lock", "requirements-dev.lock"))
    assert production.items() <= development.items()
