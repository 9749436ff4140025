"""The reference pages that are made from the program."""

import reference


def test_settings_table_is_up_to_date() -> None:
    """Every setting stands in the operators' reference as it is in the program; `make docs` writes it."""
    page = reference.PAGE.read_text(encoding="utf-8")
    assert reference.renewed(page) == page


def test_calls_of_the_mastodon_api_are_up_to_date() -> None:
    """Every call stands in the page for authors of apps with what it does; `make docs` writes it."""
    page = reference.CALLS_PAGE.read_text(encoding="utf-8")
    assert reference.with_calls(page) == page
