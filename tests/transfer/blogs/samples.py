"""Small exports of each form, with the oddities that real ones have, written for these tests."""

from __future__ import annotations

import json
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from potluck.transfer.blogs.items import Item, Problem
from transfer.test_archives import png

WXR = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.4" created="2024-01-01 10:00" -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel>
<title>Crumbs &amp; Crusts</title><link>https://crumbs.example</link><language>en-GB</language>
<wp:wxr_version>1.2</wp:wxr_version><wp:base_blog_url>https://crumbs.example</wp:base_blog_url>
<wp:author><wp:author_login><![CDATA[nia]]></wp:author_login></wp:author>
{items}
</channel></rss>
"""


def wp_item(number: int, title: str, content: str, *, kind: str = "post", status: str = "publish", extra: str = "",
            name: str = "", date: str = "2019-03-04 08:30:00", excerpt: str = "") -> str:
    """An entry of WordPress' export."""
    return f"""<item><title><![CDATA[{title}]]></title><link>https://crumbs.example/{name or number}/</link>
<pubDate>Mon, 04 Mar 2019 08:30:00 +0000</pubDate><dc:creator><![CDATA[nia]]></dc:creator>
<guid isPermaLink="false">https://crumbs.example/?p={number}</guid><description></description>
<content:encoded><![CDATA[{content}]]></content:encoded><excerpt:encoded><![CDATA[{excerpt}]]></excerpt:encoded>
<wp:post_id>{number}</wp:post_id><wp:post_date><![CDATA[2019-03-04 09:30:00]]></wp:post_date>
<wp:post_date_gmt><![CDATA[{date}]]></wp:post_date_gmt>
<wp:post_modified_gmt><![CDATA[2020-01-01 00:00:00]]></wp:post_modified_gmt>
<wp:comment_status><![CDATA[closed]]></wp:comment_status><wp:post_name><![CDATA[{name}]]></wp:post_name>
<wp:status><![CDATA[{status}]]></wp:status><wp:post_type><![CDATA[{kind}]]></wp:post_type>{extra}</item>"""


def thumbnail(number: int) -> str:
    """That a post has this picture on top."""
    return (f"<wp:postmeta><wp:meta_key><![CDATA[_thumbnail_id]]></wp:meta_key><wp:meta_value><![CDATA[{number}]]>"
            "</wp:meta_value></wp:postmeta>")


def wxr() -> str:
    """A site with what sites have."""
    classic = ('First line\nsecond line\n\nA "quote" &amp; more \x08control\n\n[caption id="a1" align="left"]<img '
               'src="/up/loaf.jpg" alt="A loaf"> The loaf[/caption]\n\n<pre>kept\n\nas is</pre>\n\n<!--more-->\n\nrest'
               '\n\n[code lang="python"]print(1 < 2)[/code]')
    blocks = ('<!-- wp:paragraph {"dropCap":true} -->\n<p>Blocks</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:html -->'
              '<script>alert(1)</script><!-- /wp:html -->')
    terms = ('<category domain="post_tag" nicename="rye"><![CDATA[rye]]></category><category domain="category" '
             'nicename="home-baking"><![CDATA[Home baking]]></category><category domain="category" '
             'nicename="uncategorized"><![CDATA[Uncategorized]]></category><category domain="post_format" '
             'nicename="post-format-aside"><![CDATA[Aside]]></category>')
    comments = "<wp:comment><wp:comment_content><![CDATA[yum]]></wp:comment_content></wp:comment>" * 3
    alt = ("<wp:attachment_url><![CDATA[https://crumbs.example/up/cover.jpg]]></wp:attachment_url><wp:postmeta>"
           "<wp:meta_key><![CDATA[_wp_attachment_image_alt]]></wp:meta_key><wp:meta_value><![CDATA[An oven]]>"
           "</wp:meta_value></wp:postmeta>")
    return WXR.format(items="\n".join((
        wp_item(1, "Rye", classic, name="rye-bread", excerpt="All about <b>rye</b>",
                extra=terms + comments + thumbnail(9) + "<wp:is_sticky>1</wp:is_sticky>"),
        wp_item(2, "Blocks", blocks, name="%d1%85%d0%bb%d0%b5%d0%b1"),
        wp_item(3, "About", "Who I am", kind="page", name="about"),
        wp_item(4, "Not yet", "half", status="draft", date="0000-00-00 00:00:00"),
        wp_item(5, "Mine", "secret diary", status="private"),
        wp_item(6, "Behind a word", "for friends",
                extra="<wp:post_password><![CDATA[word]]></wp:post_password>"),
        wp_item(7, "Gone", "x", status="trash"), wp_item(8, "Menu", "x", kind="nav_menu_item"),
        wp_item(9, "cover", "", kind="attachment", status="inherit", extra=alt),
        wp_item(10, "Later", "soon", status="future", date="2190-01-01 00:00:00"),
        wp_item(11, "Empty", "  "))))


def ghost() -> dict[str, Any]:
    """Ghost's tables: posts stand before what belongs to them."""
    def post(number: int, **more: Any) -> dict[str, Any]:
        return {"id": f"g{number}", "uuid": f"uuid-{number}", "title": f"Post {number}", "slug": f"post-{number}",
                "html": f"<p>Text {number}</p>", "status": "published", "visibility": "public", "type": "post",
                "published_at": "2021-05-06T07:08:09.000Z", "updated_at": "2021-06-01T00:00:00.000Z",
                "featured": 0, "feature_image": None, "custom_excerpt": None} | more

    return {"db": [{"meta": {"exported_on": 1, "version": "5.1"}, "data": {
        "posts": [
            post(1, feature_image="__GHOST_URL__/content/images/a.png", featured=1, custom_excerpt="Short",
                 html='<p>See <img src="__GHOST_URL__/content/images/a.png" alt="red"></p>'),
            post(2, visibility="members"), post(3, status="draft", published_at=None), post(4, type="page"),
            post(5, html=None, plaintext="Plain\n\nwords"), post(6, html=None)],
        "posts_meta": [{"id": "m", "post_id": "g1", "feature_image_alt": "a red square"}],
        "posts_tags": [{"post_id": "g1", "tag_id": "t1"}, {"post_id": "g1", "tag_id": "t2"}],
        "posts_authors": [{"post_id": "g1", "author_id": "u1"}],
        "settings": [{"key": "title", "value": "Ghostly"}],
        "tags": [{"id": "t1", "name": "Sour dough"}, {"id": "t2", "name": "#internal"}],
        "users": [{"id": "u1", "name": "Nia"}]}}]}


def writefreely() -> dict[str, Any]:
    """All of an account of WriteFreely."""
    def post(number: int, **more: Any) -> dict[str, Any]:
        return {"id": f"abcdefgh{number:02}", "slug": f"slug-{number}", "appearance": "serif", "language": "en",
                "rtl": False, "created": "2020-02-03T04:05:06Z", "updated": "2020-02-03T04:05:06Z",
                "title": f"Title {number}", "body": f"Body **{number}**", "tags": ["bread"], "views": 1} | more

    return {"username": "nia", "email": "x@example.org", "collections": [
        {"alias": "crumbs", "title": "Crumbs", "description": "", "public": True, "url": "https://wf.example/crumbs/",
         "total_posts": 2, "posts": [post(1), post(2, appearance="code", title="")]},
        {"alias": "diary", "title": "Diary", "public": False, "posts": [post(3)]}],
        "posts": [post(4, slug=None, body="# A heading\n\ndraft")]}


MEDIUM = """<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<title>Oven</title><style>p{}</style></head>
<body><article class="h-entry"><header><h1 class="p-name">Oven &amp; stone</h1></header>
<section data-field="subtitle" class="p-summary">On heat</section><section data-field="body" class="e-content">
<section name="1" class="section"><div class="section-divider"><hr class="section-divider"></div><div class="inner">
<h3 name="2" class="graf graf--h3 graf--leading graf--title">Oven &amp; stone</h3>
<h4 class="graf graf--h4 graf--subtitle">On heat</h4>
<p class="graf">Hot.</p><figure class="graf"><img class="graf-image" data-image-id="1*a.png" data-width="9"
 src="https://cdn-images-1.medium.com/max/800/1*a.png"></figure></div></section>
<section name="3" class="section"><div class="section-divider"><hr class="section-divider"></div><p>More.</p></section>
</section>
<footer><p>By <a href="https://medium.com/@nia" class="p-author h-card">Nia</a> on <a
 href="https://medium.com/p/aaa111bbb222">
<time class="dt-published" datetime="2018-07-08T09:10:11.000Z">July 8</time></a>.</p>
<p><a href="https://medium.com/@nia/oven-stone-aaa111bbb222" class="p-canonical">Canonical link</a></p>
</footer></article></body></html>
"""

RSS = b"""<?xml version="1.0" encoding="iso-8859-1"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Caf\xe9 & more</title>
<link>https://cafe.example/</link><language>fr</language>
<item><title>Cr\xe8me &eacute;t&eacute; & caf\xe9</title><link>/2020/creme.html</link><guid>tag:1</guid>
<description>&lt;p&gt;Bon &amp;amp; <![CDATA[<b>doux</b>]]> <img src="x.png"/>&lt;/p&gt;</description>
<pubDate>Tue, 02 Jun 2020 10:00:00 +0200</pubDate><category>Petit d\xe9j</category>
<enclosure url="https://cafe.example/e.jpg" type="image/jpeg" length="1"/></item>
<item><title>No date</title><link>https://cafe.example/3</link><description>&#8;text</description><pubDate>soon</pubDate></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title type="text">Brot</title>
<link rel="self" href="https://brot.example/feed"/><link href="https://brot.example/"/>
<entry xml:lang="de-AT"><title type="html">Roggen &amp;amp; Korn</title><id>urn:1</id>
<link rel="alternate" href="roggen"/>
<updated>2022-03-04T05:06:07Z</updated><published>2022-03-01T00:00:00Z</published><author><name>Nia</name></author>
<category term="roggen" label="Roggen"/><content type="xhtml">
<div xmlns="http://www.w3.org/1999/xhtml"><p>Gut<br/>ja &amp; nein
</p></div></content><summary>kurz</summary></entry>
<entry><title>Comment</title><id>urn:2</id><category scheme="http://schemas.google.com/g/2005#kind"
 term="http://schemas.google.com/blogger/2008/kind#comment"/><content type="html">hi</content></entry>
<entry><title>Entwurf</title><id>urn:3</id><content type="html">&lt;p&gt;x&lt;/p&gt;</content>
<app:control xmlns:app="http://purl.org/atom/app#"><app:draft>yes</app:draft></app:control></entry></feed>"""

JSON_FEED = {"version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://j.example/",
             "items": [
    {"id": "1", "url": "https://j.example/one", "title": "One", "content_html": "<p>1</p>", "tags": ["a"],
     "date_published": "2023-01-01T00:00:00Z", "image": "https://j.example/1.png", "authors": [{"name": "Nia"}]},
    {"id": 2, "content_text": "plain <b>\n\nwords"}]}

MARKDOWN = {
    "posts/2020-04-05-sour-dough.md": b"""---
title: "Sour dough: a start"
date: 2020-04-05T06:07:08+02:00
lastmod: 2020-05-01
tags: [bread, Home baking]
categories: Slow food
draft: false
slug: sour
description: How to begin
cover:
  image: ../img/red.png
  alt: red
lang: en
---
Look: ![a red square](../img/red.png) and [text](https://example.org).
""",
    "posts/hugo/index.md": b'+++\ntitle = "Hugo"\ndate = 2019-01-02\n[taxonomies]\ntags = ["x"]\n+++\nbundle\n',
    "_drafts/idea.md": b"# An idea\n\nnot yet",
    "pages/about.html": b"---\ntitle: About\nlayout: page\n---\n<p>Me</p>",
    "posts/2018-01-01-jekyll.markdown": b"---\r\nlayout: post\r\ntitle: Jekyll\r\npublished: false\r\n---\r\n\r\nold",
    "broken.md": b"---\ntitle: [unclosed\n---\nx",
    "latin.md": b"---\ntitle: Caf\xe9\n---\nd\xe9j\xe0 vu",
    "img/red.png": png(), "README.md": b"skip me", ".git/config": b"x", "__MACOSX/._a.md": b"x",
}


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(zipfile.ZipInfo(name, (2017, 8, 9, 10, 11, 12)), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    """A tar.gz with a link in it."""
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as packed:
        link = tarfile.TarInfo("link.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(link)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            packed.addfile(entry, BytesIO(data))
    return made.getvalue()


def medium_zip() -> bytes:
    """Medium's zip."""
    return zipped({
        "README.html": b"<html></html>", "profile/profile.html": b"<html><h1>Nia</h1></html>",
        "posts/2018-07-08_Oven-aaa111bbb222.html": MEDIUM.encode(),
        "posts/draft_Thought-ccc333ddd444.html": MEDIUM.replace("Oven &amp; stone", "Thought").encode(),
        "bookmarks/bookmarks-0001.html": b"<html></html>"})


def writefreely_zip() -> bytes:
    """WriteFreely's zip."""
    return zipped({"crumbs/first-bread_abcdefgh01.txt": b"# First\n\nbread", "zyxwvuts98.txt": b"only an idea"})


def as_json(value: Any) -> bytes:
    """JSON as programs write it."""
    return json.dumps(value, indent=1).encode()


class Notes:
    """What a reader puts aside, in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.facts: dict[str, Any] = {}

    def put(self, kind: str, ref: str, value: str) -> None:
        self.kept[kind, ref] = value

    def get(self, kind: str, ref: str) -> str:
        return self.kept.get((kind, ref), "")

    def fact(self, name: str, value: str) -> None:
        self.facts[name] = value

    def count(self, name: str, number: int) -> None:
        self.facts[name] = self.facts.get(name, 0) + number


def parted(found: list[Item | Problem]) -> tuple[list[Item], list[Problem]]:
    """Articles, and what was wrong."""
    return [one for one in found if isinstance(one, Item)], [one for one in found if isinstance(one, Problem)]


def written(path: Path, data: bytes | str) -> Path:
    """A file with this in it."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
