"""A blog's own CSS made harmless: it may dress the blog's text, reach nothing else, load nothing and cover nothing.

Parsed by tinycss2 and written anew: selectors are confined to one element of the page, properties are those of a list,
and a value that names an address or calls an unknown function takes its declaration along.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

import tinycss2

from potluck.text.markup import words

MAX_CSS: Final = 50_000
MAX_RULES: Final = 2000
_DEPTH: Final = 3

_PROPERTIES: Final = words(
    "color background-color opacity font font-family font-size font-style font-weight font-variant font-stretch "
    "font-feature-settings font-kerning line-height letter-spacing word-spacing text-align text-align-last "
    "text-decoration text-decoration-line text-decoration-color text-decoration-style text-decoration-thickness "
    "text-underline-offset text-indent text-transform text-shadow text-wrap white-space word-break overflow-wrap "
    "hyphens quotes direction writing-mode vertical-align tab-size "
    "margin margin-top margin-right margin-bottom margin-left margin-inline margin-block margin-inline-start "
    "margin-inline-end margin-block-start margin-block-end padding padding-top padding-right padding-bottom "
    "padding-left padding-inline padding-block padding-inline-start padding-inline-end padding-block-start "
    "padding-block-end border border-top border-right border-bottom border-left border-color border-style "
    "border-width border-radius border-collapse border-spacing border-block border-inline border-top-color "
    "border-top-style border-top-width border-right-color border-right-style border-right-width border-bottom-color "
    "border-bottom-style border-bottom-width border-left-color border-left-style border-left-width outline "
    "outline-color outline-style outline-width outline-offset box-shadow box-sizing background "
    "width max-width min-width height max-height min-height aspect-ratio display float clear overflow overflow-x "
    "overflow-y object-fit object-position gap row-gap column-gap columns column-count column-width column-rule "
    "flex flex-direction flex-wrap flex-grow flex-shrink flex-basis align-items align-self align-content "
    "justify-content justify-items justify-self order grid grid-template grid-template-columns grid-template-rows "
    "grid-column grid-row grid-auto-flow grid-gap list-style list-style-type list-style-position caption-side "
    "table-layout empty-cells counter-reset counter-increment transition filter caret-color accent-color"
)
_FUNCTIONS: Final = words(
    "rgb rgba hsl hsla hwb lab lch oklab oklch color-mix calc min max clamp var linear-gradient radial-gradient "
    "repeating-linear-gradient repeating-radial-gradient conic-gradient minmax repeat fit-content blur brightness "
    "contrast grayscale sepia saturate hue-rotate cubic-bezier light-dark"
)
_VARIABLE: Final = re.compile(r"--[a-zA-Z][\w-]{0,50}")
_ROOTS: Final = words("html body")
_PSEUDO: Final = words(
    "hover focus focus-visible active visited link first-child last-child only-child nth-child nth-last-child "
    "first-of-type last-of-type nth-of-type empty not is where before after first-line first-letter marker selection "
    "target root"
)
_SIGNS: Final = frozenset(".>+~*:,#")
_MEDIA: Final = re.compile(r"[\w\s():.,/<>=-]{1,200}")


def scoped(css: str, scope: str) -> str:
    """What is left of `css`, so that it only concerns what stands inside of `scope` (a selector of ours).

    Never raises: what cannot be read is left out.
    """
    rules = tinycss2.parse_stylesheet(css[:MAX_CSS], skip_comments=True, skip_whitespace=True)
    return "\n".join(_rules(rules[:MAX_RULES], scope, 0))


def _rules(rules: Sequence[Any], scope: str, depth: int) -> Iterable[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [found for part in _split(rule.prelude) if (found := _selector(part, scope))]
            body = _declarations(rule.content)
            if selectors and body:
                yield f"{', '.join(selectors)} {{ {body} }}"
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content and depth < _DEPTH:
            query = tinycss2.serialize(rule.prelude).strip()
            if _MEDIA.fullmatch(query) and not any(token.type == "function" for token in rule.prelude):
                inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                yield f"@media {query} {{ {' '.join(_rules(inner[:MAX_RULES], scope, depth + 1))} }}"


def _split(prelude: Iterable[Any]) -> Iterable[list[Any]]:
    part: list[Any] = []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            yield part
            part = []
        elif token.type != "comment":
            part.append(token)
    yield part


def _selector(tokens: list[Any], scope: str) -> str:
    """One selector confined to the scope; '' if it holds what is not understood."""
    while tokens and tokens[0].type == "whitespace":
        tokens = tokens[1:]
    at_root = False
    while tokens and _is_root(tokens):
        at_root = True
        tokens = tokens[2:] if tokens[0].type == "literal" else tokens[1:]
        while tokens and tokens[0].type == "whitespace":
            tokens = tokens[1:]
    if not tokens:
        return scope if at_root else ""
    # Not `+` or `~`: what stands beside the scope is not the blog's.
    if (tokens[0].type == "literal" and tokens[0].value in ">+~") or not all(map(_is_plain, tokens)):
        return ""
    if _follows_colon_badly(tokens):
        return ""
    return f"{scope} {tinycss2.serialize(tokens).strip()}"


def _is_root(tokens: list[Any]) -> bool:
    first = tokens[0]
    if first.type == "ident":
        rest = tokens[1:2]
        return first.lower_value in _ROOTS and (not rest or rest[0].type == "whitespace")
    return (first.type == "literal" and first.value == ":" and len(tokens) > 1 and tokens[1].type == "ident"
            and tokens[1].lower_value == "root" and (len(tokens) == 2 or tokens[2].type == "whitespace"))


def _is_plain(token: Any) -> bool:
    """Whether a token may stand in a selector; no attributes, by whose values a page's secrets can be read out."""
    if token.type in ("ident", "hash", "whitespace"):
        return True
    if token.type == "literal":
        return token.value in _SIGNS
    if token.type == "function" and token.lower_name in _PSEUDO:
        return all(_is_plain(part) or part.type in ("number", "dimension") for part in token.arguments)
    return False


def _follows_colon_badly(tokens: list[Any]) -> bool:
    """Whether a pseudo-class that is not on the list follows a colon."""
    return any(before.type == "literal" and before.value == ":" and token.type == "ident"
               and token.lower_value not in _PSEUDO for before, token in pairwise(tokens))


def _declarations(content: Sequence[Any]) -> str:
    kept = []
    for item in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if item.type != "declaration":
            continue
        name = item.name if item.name.startswith("--") else item.lower_name
        known = _VARIABLE.fullmatch(name) if name.startswith("--") else name in _PROPERTIES
        if known and _is_harmless(item.value):
            kept.append(f"{name}: {tinycss2.serialize(item.value).strip()}{' !important' if item.important else ''};")
    return " ".join(kept)


def _is_harmless(tokens: Iterable[Any]) -> bool:
    for token in tokens:
        if token.type in ("url", "bad-url", "error", "{} block", "[] block", "at-keyword", "unicode-range"):
            return False
        if token.type == "function" and not (token.lower_name in _FUNCTIONS and _is_harmless(token.arguments)):
            return False
        if token.type == "() block" and not _is_harmless(token.content):
            return False
        if token.type == "string" and any(sign in token.value for sign in "<>\\"):
            return False
        if token.type == "ident" and token.lower_value == "fixed":
            return False
    return True
