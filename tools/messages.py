"""Collects the texts people see into `locale/messages.pot` and brings every translation up to date (`make messages`).

With --check nothing is written: it fails when a text was added or changed and the collection does not know it yet.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.pofile import read_po

from places import ROOT, VENV

_LOCALE = ROOT / "src" / "potluck" / "web" / "locale"
_COLLECTION = _LOCALE / "messages.pot"
_PYBABEL = str(VENV / "bin" / "pybabel")
# Besides gettext's own names: `_l` marks a text for later, and the errors carry theirs as an argument.
_KEYWORDS = ("_l", "NotFound", "NotAllowed", "Invalid:2", "Conflict", "TooMany", "Refused",
             "TooLarge", "NoRoom", "NotTaken")


def main() -> None:
    """Update or check, by the command line."""
    if "--check" in sys.argv[1:]:
        check()
    else:
        update()


def collect(into: Path) -> None:
    """Write every text of the source into a template of translations."""
    keywords = [word for name in _KEYWORDS for word in ("-k", name)]
    subprocess.run([_PYBABEL, "--quiet", "extract", "-F", _LOCALE / "babel.cfg", *keywords, "--no-location",
                    "--sort-output", "--omit-header", "-o", into, "src/potluck"], cwd=ROOT, check=True)


def update() -> None:
    """Write the collection and merge it into every translation."""
    collect(_COLLECTION)
    for catalogue in sorted(_LOCALE.glob("*/LC_MESSAGES/messages.po")):
        subprocess.run([_PYBABEL, "--quiet", "update", "-i", _COLLECTION, "-o", catalogue, "-l",
                        catalogue.parent.parent.name, "--no-fuzzy-matching"], check=True)


def check() -> None:
    """Exit with an error that names the texts if the collection is not that of the source."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "messages.pot"
        collect(fresh)
        differing = sorted(_texts(fresh) ^ _texts(_COLLECTION))
    if differing:
        shown = "\n".join(f"    {text}" for text in differing[:20])
        sys.exit(f"{len(differing)} texts differ between the source and {_COLLECTION.relative_to(ROOT)}:\n{shown}\n"
                 "Run `make messages` and commit what it writes.")


def _texts(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    with path.open("rb") as handle:
        return {str(message.id) for message in read_po(handle) if message.id}


if __name__ == "__main__":
    main()
