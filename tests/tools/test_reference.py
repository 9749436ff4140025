"""The reference pages that are made from the program."""

import pytest

import reference
from places import ROOT


def test_settings_table_is_up_to_date() -> None:
    """Every setting stands in the operators' reference as it is in the program; `make docs` writes it."""
    page = reference.PAGE.read_text(encoding="utf-8")
    assert reference.renewed(page) == page


@pytest.mark.parametrize("api", sorted(reference.APIS))
def test_calls_of_apis_are_up_to_date(api: str) -> None:
    """Every call stands in the page for authors of apps with what it does; `make docs` writes it."""
    page = (ROOT / "docs" / "apps" / f"{api}.md").read_text(encoding="utf-8")
    assert reference.with_calls(page, api) == page
