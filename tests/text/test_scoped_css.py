"""A blog's own CSS: it dresses the blog's text, and can do nothing else."""

from __future__ import annotations

import pytest

from potluck.text.scoped_css import scoped

SCOPE = ".blog-1"


@pytest.mark.parametrize(("css", "left"), [
    ("h1{color:red}", ".blog-1 h1 { color: red; }"),
    ("h1, .x > p:hover {font-size: 2em !important}", ".blog-1 h1, .blog-1 .x > p:hover { font-size: 2em !important; }"),
    ("body{color:red}", ".blog-1 { color: red; }"),
    ("html body p{color:red}", ".blog-1 p { color: red; }"),
    (":root{--size: 3px}", ".blog-1 { --size: 3px; }"),
    ("@media (max-width: 30em){p{color:blue}}", "@media (max-width: 30em) { .blog-1 p { color: blue; } }"),
    ("p{width:calc(1px + 2px)}", ".blog-1 p { width: calc(1px + 2px); }"),
    ("p:not(.x){color:blue}", ".blog-1 p:not(.x) { color: blue; }"),
])
def test_what_stays(css: str, left: str) -> None:
    """Selectors are confined, known properties stay."""
    assert scoped(css, SCOPE) == left


@pytest.mark.parametrize("css", [
    "@import url(https://evil.example/x.css);", "@font-face{font-family:x;src:url(https://evil.example/f)}",
    "p{background:url(https://evil.example/x)}", "p{background:u\\72l(https://evil.example/x)}",
    "p{background-image:image-set('https://evil.example/x' 1x)}", "p{background: -webkit-image-set(url(x) 1x)}",
    "p{position:fixed}", "p{position:absolute}", "p{z-index:9}", "p{--a:url(x)}", "p{color:expression(alert(1))}",
    "input[value^=a]{color:red}", "a:has(b){color:red}", "+ div{color:red}", "~ *{color:red}", "body + p{color:red}",
    "p{behavior:url(x)}", "p{-moz-binding:url(x)}", "p{content:'x'}", "p{cursor:url(x),auto}", "p{inset:0}",
    "@scope (html){a{color:red}}", "@layer x{a{color:red}}", "@supports (color:red){a{color:red}}",
    "</style><script>alert(1)</script>", "p{color:red;", "}}}{{{", "p{animation:x 1s}", "@keyframes x{from{color:red}}",
    "p{transform:translate(-100vw)}", "p{clip-path:url(#x)}", "::-webkit-scrollbar{color:red}", ":host{color:red}",
    "p{mask:url(x)}", "p{background:linear-gradient(red,url(x))}", "p{background:attr(title url)}"])
def test_what_goes(css: str) -> None:
    """Nothing is loaded, nothing outside is reached, nothing is covered."""
    left = scoped(css, SCOPE)
    assert left in ("", ".blog-1 p { color: red; }"), left


def test_bounded() -> None:
    """Much of it, deep in itself, or broken: it ends."""
    assert scoped("p{color:red}" * 100_000, SCOPE).count("color") <= 2000
    for css in ("{" * 50_000, "@media x{" * 10_000, "(" * 50_000, ":not(" * 10_000 + "a", "\\" * 50_000):
        scoped(css, SCOPE)
