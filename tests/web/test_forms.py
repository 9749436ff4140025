"""Reading forms."""

import pytest

from potluck.social.errors import Invalid
from potluck.web.forms import Form


def test_line_ends_and_control_characters() -> None:
    """Browsers send CRLF; texts have plain newlines and nothing that a terminal or XML cannot take."""
    assert Form([("text", " a\r\nb\x00\x07c ")]).text("text") == "a\nbc"


def test_too_long_a_text_is_refused() -> None:
    """A field longer than its limit is an error at that field."""
    with pytest.raises(Invalid) as caught:
        Form([("title", "x" * 101)]).text("title", limit=100)
    assert (caught.value.field, caught.value.code) == ("title", "too_long")


def test_numbers_are_ascii_digits_below_2_to_the_53() -> None:
    """Only plain digits are numbers: int() would also take other scripts, signs and underscores."""
    form = Form([("a", "12"), ("b", "-1"), ("c", "١٢"), ("d", "1_0"), ("e", "9" * 40)])
    assert [form.whole(name) for name in "abcde"] == [12, None, None, None, None]


def test_a_checkbox_is_off_when_absent() -> None:
    """Browsers leave unticked boxes out."""
    form = Form([("on", "1"), ("zero", "0")])
    assert (form.flag("on"), form.flag("zero"), form.flag("absent")) == (True, False, False)


def test_choices_outside_the_list_fall_back() -> None:
    """A select cannot be made to say what it does not offer."""
    assert Form([("v", "root")]).one_of("v", ("user", "admin"), "user") == "user"


def test_repeated_fields_are_bounded() -> None:
    """A thousand answers of a poll are cut to a hundred."""
    assert len(Form([("o", "x")] * 1000).all("o")) == 100


def test_a_password_is_kept_as_typed() -> None:
    """White space belongs to a password."""
    assert Form([("password", " a b ")]).secret("password") == " a b "
