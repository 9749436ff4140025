"""Keyword filters match as in Mastodon."""

import pytest

from potluck.text.filters import Keyword, KeywordFilter


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        (Keyword("cat"), "concatenate"),
        (Keyword("cat", True), "A Cat, asleep"),
        (Keyword("CAT", True), "cat"),
        (Keyword("straße"), "STRASSE"),
        (Keyword("café", True), "Cafe\u0301!"),
        (Keyword("two words", True), "these two\n  words here"),
        (Keyword("#tag", True), "a#tag b"),
        (Keyword("c++", True), "I like C++11"),
        (Keyword("@bob@x.example", True), "hi @Bob@x.example"),
        (Keyword("кот", True), "Мой Кот."),
        (Keyword("猫", False), "黒猫です"),
        (Keyword("(a|b", False), "x(A|B"),
        (Keyword("\uff23\uff21\uff34"), "cat"),
    ],
)
def test_match(keyword: Keyword, text: str) -> None:
    """Case, width and spacing make no difference; boundaries are asked for at letters only."""
    assert KeywordFilter([keyword]).matches(text) == [keyword.text]


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        (Keyword("cat", True), "concatenate cats"),
        (Keyword("cat", True), "cat_food"),
        (Keyword("#tag", True), "#tags"),
        (Keyword("кот", True), "которые"),
        (Keyword("dog"), "cat"),
        (Keyword(""), "anything"),
        (Keyword("  "), "any thing"),
    ],
)
def test_no_match(keyword: Keyword, text: str) -> None:
    """Whole words stand free; an empty keyword matches nothing."""
    assert KeywordFilter([keyword]).matches(text) == []


def test_all_matches_are_told_in_order() -> None:
    """An answer names every keyword that matched, as it was written."""
    keywords = KeywordFilter([Keyword("Dog"), Keyword("fish"), Keyword("CAT", True)])
    assert keywords.matches("cat and dog") == ["Dog", "CAT"]


def test_empty_filter_is_false() -> None:
    """A filter without keywords can be skipped."""
    assert not KeywordFilter([Keyword(" ")])
    assert KeywordFilter([Keyword("a")])
    assert KeywordFilter([]).matches("a") == []
