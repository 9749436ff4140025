"""Language tags, names and directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from potluck.text.languages import is_rtl, language_name, languages, normalise_language
from potluck.text.native_names import NATIVE_NAMES


@pytest.mark.parametrize(
    ("tag", "normal"),
    [
        ("en", "en"), ("EN-us", "en-US"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("sr-LATN", "sr-Latn"),
        ("de-1996", "de-1996"), ("es-419", "es-419"), ("iw", "he"), ("deu", "de"), ("sh", "sr-Latn"), ("tok", "tok"),
        ("en-x-private", "en"), ("de-u-co-phonebk", "de"), (" fr ", "fr"),
    ],
)  # fmt: skip
def test_tag_is_normalised(tag: str, normal: str) -> None:
    """Tags come into the form that BCP 47 recommends, with codes that are in use."""
    assert normalise_language(tag) == normal


@pytest.mark.parametrize(
    "tag", ["", "und", "zxx", "x", "english", "e1", "en-", "-en", "en--us", "<en>", "en\n us", "a" * 99]
)
def test_what_says_nothing_is_none(tag: str) -> None:
    """Malformed tags and "undetermined" are no language."""
    assert normalise_language(tag) is None


@given(st.text(alphabet=st.sampled_from("abdehnrstuxzA-_1904"), max_size=16))
def test_normal_form_is_stable(tag: str) -> None:
    """A normalised tag stays as it is."""
    normal = normalise_language(tag)
    if normal is not None:
        assert normalise_language(normal) == normal


@pytest.mark.parametrize(
    "tag", ["ar", "he", "fa", "ur", "ckb", "yi", "dv", "ug", "ps", "sd", "az-Arab", "pa-PK", "iw"]
)
def test_right_to_left(tag: str) -> None:
    """The script decides, given or likely."""
    assert is_rtl(tag)


@pytest.mark.parametrize(
    "tag", ["en", "de", "ja", "az", "pa", "ks-Deva", "ar-Latn", "tok", "", "nonsense", None]
)
def test_left_to_right(tag: str | None) -> None:
    """Everything else, and what is unknown, is written from left to right."""
    assert not is_rtl(tag)


@pytest.mark.parametrize(
    ("tag", "display", "name"),
    [
        ("de", "en", "German"), ("de", "de", "Deutsch"), ("de", "fr", "allemand"),
        ("pt-BR", "en", "Brazilian Portuguese"),
        ("uz-Cyrl", "en", "Uzbek (Cyrillic)"), ("fr-BE", "de", "Französisch (Belgien)"), ("de", "nonsense", "German"),
        ("qqq", "en", None), ("und", "en", None),
    ],
)  # fmt: skip
def test_names(tag: str, display: str, name: str | None) -> None:
    """A language has a name in the reader's language; regions and scripts are told."""
    assert language_name(tag, display) == name


def test_offered_languages() -> None:
    """The list to choose from is sorted, complete for the common ones, and in normal form."""
    offered = languages("en")
    by_tag = {language.tag: language for language in offered}
    assert len(by_tag) == len(offered) > 200
    assert by_tag["ja"].name == "Japanese"
    assert by_tag["ja"].native_name == "日本語"
    assert by_tag["eo"].native_name == "Esperanto"
    assert [language.name.casefold() for language in offered] == sorted(
        one.name.casefold() for one in offered
    )
    assert all(normalise_language(tag) == tag for tag in by_tag)


@pytest.mark.parametrize(
    "tag", ["ar", "cs", "de", "el", "en-GB", "es", "fr", "he", "hi", "ja", "ko", "pt-BR", "ru", "th", "zh"]
)
def test_native_names_are_those_of_cldr(tag: str) -> None:
    """The table says what Babel says."""
    assert NATIVE_NAMES[tag] == language_name(tag, tag)


def test_native_names_name_offered_languages_only() -> None:
    """Nothing in the table is out of reach."""
    assert set(NATIVE_NAMES) <= {language.tag for language in languages("en")}
