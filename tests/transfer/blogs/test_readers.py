"""Each form of export is read for all it holds, whatever oddities it has; hostile ones do no harm."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from potluck.transfer.archives import NoArchive
from potluck.transfer.blogs import sources
from potluck.transfer.blogs.items import Item, Problem, Unreadable, checked, tags_of, when
from transfer.blogs import samples
from transfer.blogs.samples import Notes, parted, written


def read(tmp_path: Path, data: bytes | str, name: str = "export") -> tuple[list[Item], list[Problem], dict[str, Any]]:
    """What is in an export: articles, problems, facts."""
    notes, path = Notes(), written(tmp_path / "export", data)
    if sources.is_archive(path):
        found = list(sources.read_archive(sources.unpacked(path, tmp_path / "files"), notes))
    else:
        found = list(sources.read_file(path, name, notes))
    items, problems = parted([checked(one) if isinstance(one, Item) else one for one in found])
    return items, problems, notes.facts


def test_wordpress(tmp_path: Path) -> None:
    """Posts and pages with states, terms, pictures and paragraphs; what is no article is counted."""
    items, problems, facts = read(tmp_path, samples.wxr())
    by = {item.title: item for item in items}
    assert [(item.title, item.state) for item in items] == [
        ("Rye", "public"), ("Blocks", "public"), ("About", "public"), ("Not yet", "draft"), ("Mine", "private"),
        ("Behind a word", "password"), ("Later", "scheduled")]
    rye = by["Rye"]
    assert (rye.slug, rye.tags, rye.cover, rye.cover_alt) == (
        "rye-bread", ["rye", "HomeBaking"], "https://crumbs.example/up/cover.jpg", "An oven")
    assert (rye.published, rye.edited) == (datetime(2019, 3, 4, 8, 30, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))
    assert (rye.summary, rye.pinned, rye.comments, rye.language, rye.author) == (
        "All about rye", True, "closed", "en-GB", "nia")
    assert "<p>First line<br>\nsecond line</p>" in rye.text
    assert "<figure><img src=\"/up/loaf.jpg\" alt=\"A loaf\"><figcaption>The loaf</figcaption></figure>" in rye.text
    assert "<pre>kept\n\nas is</pre>" in rye.text
    assert '<pre><code class="language-python">print(1 &lt; 2)</code></pre>' in rye.text
    assert "\x08" not in rye.text
    assert "wp:paragraph" not in by["Blocks"].text
    assert by["Blocks"].slug == "хлеб"
    assert by["About"].page
    assert by["Not yet"].published == datetime(2019, 3, 4, 9, 30, tzinfo=UTC)
    assert [problem.name for problem in problems] == ["Empty"]
    assert (facts["comments"], facts["others"], facts["trash"], facts["kind"], facts["name"]) == (
        3, 1, 1, "wordpress", "Crumbs & Crusts")


def test_wordpress_com_zips_several_files(tmp_path: Path) -> None:
    """All files of such a zip are read; one that breaks off says so and leaves what came before."""
    first, rest = samples.wxr().split("<item>", 1)[0], samples.wxr()
    cut = rest[:rest.index("<title><![CDATA[Not yet")]
    items, problems, _ = read(tmp_path, samples.zipped({"a.001.xml": first.encode() + b"</channel></rss>",
                                                        "a.002.xml": cut.encode(), "a.003.xml": rest.encode()}))
    assert len(items) == 3 + 7
    assert ("a.002.xml", "The file is damaged at line %(line)s; nothing behind that could be read.") in [
        (problem.name, problem.message) for problem in problems]


def test_ghost(tmp_path: Path) -> None:
    """Posts with the tags, authors and descriptions that stand behind them; what members pay for is not public."""
    items, problems, facts = read(tmp_path, samples.as_json(samples.ghost()))
    assert [(item.title, item.state, item.page) for item in items] == [
        ("Post 1", "public", False), ("Post 2", "private", False), ("Post 3", "draft", False),
        ("Post 4", "public", True), ("Post 5", "public", False)]
    first = items[0]
    assert (first.tags, first.author, first.cover, first.cover_alt, first.pinned, first.summary) == (
        ["SourDough"], "Nia", "__GHOST_URL__/content/images/a.png", "a red square", True, "Short")
    assert first.published == datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert items[4].text == "<p>Plain</p>\n<p>words</p>"
    assert [problem.message for problem in problems] == ["There is no text in this article."]
    assert (facts["name"], facts["kind"]) == ("Ghostly", "ghost")


def test_writefreely(tmp_path: Path) -> None:
    """All blogs of an account, each by its name; posts of none are drafts, of one that is not public stay closed."""
    items, _, _ = read(tmp_path, samples.as_json(samples.writefreely()))
    assert [(item.title, item.state, item.origin) for item in items] == [
        ("Title 1", "public", "crumbs"), ("", "public", "crumbs"), ("Title 3", "closed", "diary"),
        ("Title 4", "draft", "")]
    assert items[1].text == "```\nBody **2**\n```"
    assert (items[0].content_type, items[0].tags, items[0].base) == (
        "text/markdown", ["bread"], "https://wf.example/crumbs/")
    posts = [post | {"collection": {"alias": "crumbs", "title": "C", "public": True}}
             for post in samples.writefreely()["collections"][0]["posts"]]
    items, _, _ = read(tmp_path, samples.as_json(posts))
    assert [(item.state, item.origin) for item in items] == [("public", "crumbs")] * 2


def test_writefreely_zip(tmp_path: Path) -> None:
    """Blog, address, name and date are in the names and times of the files; the rest are drafts."""
    items, _, _ = read(tmp_path, samples.writefreely_zip())
    assert [(item.uid, item.slug, item.origin, item.state) for item in items] == [
        ("writefreely:abcdefgh01", "first-bread", "crumbs", "public"), ("writefreely:zyxwvuts98", "", "", "draft")]
    assert items[0].published == datetime(2017, 8, 9, 10, 11, 12, tzinfo=UTC)


def test_medium(tmp_path: Path) -> None:
    """Stories without the title that their text repeats; drafts by their name; nothing but stories."""
    items, problems, facts = read(tmp_path, samples.medium_zip())
    assert not problems
    assert facts["kind"] == "medium"
    assert [(item.title, item.state, item.uid) for item in items] == [
        ("Oven & stone", "public", "medium:aaa111bbb222"), ("Thought", "draft", "medium:ccc333ddd444")]
    oven = items[0]
    assert (oven.summary, oven.slug, oven.author) == ("On heat", "oven-stone", "Nia")
    assert oven.published == datetime(2018, 7, 8, 9, 10, 11, tzinfo=UTC)
    assert "graf--title" not in oven.text
    assert oven.text.count("<hr") == 1
    assert "footer" not in oven.text


def test_rss(tmp_path: Path) -> None:
    """Another encoding, entities of HTML, bare ampersands, relative addresses, no dates."""
    items, problems, facts = read(tmp_path, samples.RSS)
    assert not problems
    assert facts["name"] == "Café & more"
    first, second = items
    assert (first.title, first.language, first.slug, first.tags) == ("Crème été & café", "fr", "creme", ["PetitDéj"])
    assert first.base == "https://cafe.example/2020/creme.html"
    assert "<b>doux</b>" in first.text
    assert '<img src="x.png">' in first.text
    assert (first.cover, first.published) == ("https://cafe.example/e.jpg", datetime(2020, 6, 2, 8, tzinfo=UTC))
    assert (second.published, second.text, second.slug) == (None, "text", "")


def test_atom(tmp_path: Path) -> None:
    """XHTML inside, languages, drafts; Blogger's comments are counted."""
    items, _, facts = read(tmp_path, samples.ATOM)
    assert [(item.title, item.state) for item in items] == [("Roggen & Korn", "public"), ("Entwurf", "draft")]
    first = items[0]
    assert (first.language, first.base, first.summary, first.tags) == (
        "de-AT", "https://brot.example/roggen", "kurz", ["Roggen"])
    assert first.text.strip().startswith("<div><p>Gut<br>ja &amp; nein")
    assert facts["comments"] == 1


def test_json_feed(tmp_path: Path) -> None:
    """HTML or plain text, numbers as ids."""
    items, _, _ = read(tmp_path, samples.as_json(samples.JSON_FEED))
    assert [(item.uid, item.title, item.text) for item in items] == [
        ("feed:1", "One", "<p>1</p>"), ("feed:2", "", "<p>plain &lt;b&gt;</p>\n<p>words</p>")]
    assert items[1].base == "https://j.example/"


@pytest.mark.parametrize("pack", [samples.zipped, samples.tarred])
def test_markdown(tmp_path: Path, pack: Any) -> None:
    """Front matter of each sort; what cannot be read is told by its file's name, and the rest comes."""
    items, problems, _ = read(tmp_path, pack(samples.MARKDOWN))
    by = {item.file: item for item in items}
    assert set(by) == set(samples.MARKDOWN) - {
        "broken.md", "img/red.png", "README.md", ".git/config", "__MACOSX/._a.md"}
    assert [(problem.name, problem.message) for problem in problems] == [
        ("broken.md", "The front matter of this file cannot be read.")]
    sour = by["posts/2020-04-05-sour-dough.md"]
    assert (sour.title, sour.slug, sour.tags, sour.summary) == (
        "Sour dough: a start", "sour", ["bread", "HomeBaking", "SlowFood"], "How to begin")
    assert (sour.cover, sour.cover_alt, sour.language) == ("../img/red.png", "red", "en")
    assert (sour.published, sour.edited) == (
        datetime(2020, 4, 5, 4, 7, 8, tzinfo=UTC), datetime(2020, 5, 1, tzinfo=UTC))
    assert (by["posts/hugo/index.md"].slug, by["posts/hugo/index.md"].tags) == ("hugo", ["x"])
    assert (by["_drafts/idea.md"].state, by["_drafts/idea.md"].title) == ("draft", "")
    about = by["pages/about.html"]
    assert (about.page, about.content_type, about.text) == (True, "text/html", "<p>Me</p>")
    jekyll = by["posts/2018-01-01-jekyll.markdown"]
    assert (jekyll.state, jekyll.slug, jekyll.published) == ("draft", "jekyll", datetime(2018, 1, 1, tzinfo=UTC))
    assert (by["latin.md"].title, by["latin.md"].text) == ("Café", "déjà vu")


def test_a_single_file(tmp_path: Path) -> None:
    """Without front matter its name is its title; with a heading that is."""
    items, _, _ = read(tmp_path, "just text", "My_first-note.txt")
    assert (items[0].title, items[0].slug) == ("My first note", "My_first-note")
    items, _, _ = read(tmp_path, "# Heading\n\ntext", "note.md")
    assert items[0].title == ""


@pytest.mark.parametrize(("value", "wanted"), [
    ("2020-01-02", datetime(2020, 1, 2, tzinfo=UTC)),
    ("2020/01/02 03:04:05", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ("2020-01-02 03:04:05 +0200", datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)),
    (1577934245000, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ("1577934245", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ("0000-00-00 00:00:00", None), ("", None), ("9" * 70, None), (1e300, None), (True, None), ("0001-01-01", None),
    ("Fri, 99 Foo 2020", None), (["x"], None)])
def test_times(value: Any, wanted: datetime | None) -> None:
    """All forms that exports have; nonsense is none."""
    assert when(value) == wanted


def test_tags() -> None:
    """Words become one; what cannot be a hashtag falls away; no two of the same."""
    assert tags_of(["Home cooking", "#rye", "RYE", "C++", "!!", 5, "ржаной хлеб", "a" * 400]) == [
        "HomeCooking", "rye", "C", "РжанойХлеб"]


# ---- hostile ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [
    '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]><rss><item><title>&c;</title></item></rss>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><title>&x;</title></item></rss>'])
def test_entities_of_their_own(tmp_path: Path, data: str) -> None:
    """No definitions are taken, so nothing grows and no file of ours is read."""
    with pytest.raises(Unreadable, match="document type"):
        read(tmp_path, data)


@pytest.mark.parametrize(("data", "name"), [
    (b"<rss><channel>", "a.xml"), (b"<html><body>hello</body></html>", "a.xml"), (b"{}", "a.json"),
    (b"[" * 9999, "a.json"),
    (b"PK\3\4 broken", "a.zip"), (b"\x1f\x8b broken", "a.tgz"), (b"", "a.md"), (b"\0" * 5000, "a.bin"),
    (b'{"db":[{"data":{"posts":[{"html":', "a.json"), (b'{"posts": [' + b"1," * 1000 + b'{"body": []}]}', "a.json")])
def test_no_exports(tmp_path: Path, data: bytes, name: str) -> None:
    """Nothing comes of them, and nothing breaks."""
    try:
        items, _, _ = read(tmp_path, data, name)
    except (Unreadable, NoArchive):
        return
    assert not items


def test_wrong_types(tmp_path: Path) -> None:
    """Fields that hold something else than they should are as good as absent."""
    post = {"title": ["x"], "slug": {"a": 1}, "html": "<p>kept</p>", "status": 7, "tags": 9, "published_at": {},
            "id": None, "uuid": 5, "feature_image": 5, "visibility": None, "featured": "yes", "page": "no"}
    items, _, _ = read(tmp_path, samples.as_json({"db": [{"data": {"posts": [post, post | {"html": [5]}]}}]}))
    assert [(item.title, item.text, item.state) for item in items] == [("", "<p>kept</p>", "draft")]


def test_a_zip_bomb(tmp_path: Path) -> None:
    """What unpacks to hundreds of times its size is refused while it is unpacked."""
    with pytest.raises(NoArchive, match="unpacks to more"):
        read(tmp_path, samples.zipped({f"{number}.md": bytes(40 << 20) for number in range(3)}))
    assert sum(path.stat().st_size for path in (tmp_path / "files").iterdir()) <= 101 << 20


@pytest.mark.parametrize("head", [
    "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "a: !!python/object/apply:os.system ['true']", "a: " + "[" * 2000,
    "a: 0x" + "f" * 60_000, "date: 9999999-99-99", "? [a]\n: b", "<<: *x"])
def test_front_matter_bombs(tmp_path: Path, head: str) -> None:
    """Aliases, objects and depths are refused; the file is named."""
    items, problems, _ = read(tmp_path, f"---\n{head}\ntitle: x\n---\ntext", "a.md")
    assert len(items) + len(problems) == 1
    assert not problems or problems[0].name == "a.md"


def test_large_entries(tmp_path: Path) -> None:
    """An article of many megabytes, or of endless depth, is named and left out; the next one comes."""
    large = samples.wp_item(1, "Large", "x" * 9_000_000)
    deep = samples.wp_item(2, "Deep", "x", extra="<a>" * 3000 + "</a>" * 3000)
    long = samples.wp_item(3, "Long", "y" * 3_000_000)
    items, problems, _ = read(tmp_path, samples.WXR.format(items=large + deep + long + samples.wp_item(4, "Good", "z")))
    assert [item.title for item in items] == ["Good"]
    assert [problem.name for problem in problems] == ["Large", "Deep", "Long"]


@pytest.mark.parametrize("text", [
    "[code]" * 100_000, "[caption]" * 100_000, "<pre>" * 100_000, "<!-- wp:" * 100_000, "[gallery ids=" * 50_000,
    "\n \n" * 200_000, "<" * 300_000, "[embed]" + " " * 300_000, "![" * 200_000,
    "`" * 1999 + "![" * 100_000, "` " * 2_000 + "x" * 100_000, "<img " * 100_000, "<a href='" * 100_000])
def test_texts_that_take_long(tmp_path: Path, text: str) -> None:
    """No text makes reading it quadratic."""
    from potluck.transfer.blogs import pictures

    began = time.process_time()
    items, _, _ = read(tmp_path, samples.WXR.format(items=samples.wp_item(1, "Long", f"t {text}")))
    for kind in ("text/html", "text/markdown"):
        found = pictures.in_text(items[0].text, kind)
        pictures.moved(items[0].text, kind, dict.fromkeys([*found, "x"], "https://x.example/"))
    assert time.process_time() - began < 5
