"""Blogs that move, as pages show them: what is in an export, what would happen to each article, what could not come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from potluck.transfer.blogs.items import Problem
from potluck.transfer.blogs.spool import Row
from potluck.web.i18n import _, _l
from potluck.web.presenters.times import date_only

KINDS = {"wordpress": _l("WordPress export (WXR)"), "feed": _l("RSS or Atom feed"), "json_feed": _l("JSON Feed"),
         "ghost": _l("Ghost export"), "writefreely": _l("WriteFreely export"), "medium": _l("Medium export"),
         "files": _l("Text files")}
STATES = {"public": _l("public"), "unlisted": _l("quiet public"), "followers": _l("for followers"),
          "closed": _l("of a closed blog"), "draft": _l("draft"), "private": _l("private, comes as a draft"),
          "password": _l("behind a password, comes as a draft"), "scheduled": _l("was to come later, comes as a draft")}
FATES = {"new": _l("new"), "here": _l("here already"), "drafted": _l("here already, as a draft")}
OUTCOMES = {"new": _l("published"), "draft": _l("now a draft"), "version": _l("now the draft of a new version"),
            "here": _l("was here already"), "failed": _l("could not come"), "": _l("left out")}

FORMS = {
    "markdown": (_l("Text files"), _l("A zip of Markdown and HTML files with front matter, and all pictures. Potluck"
                                      " takes it in again as it was; site generators such as Hugo read it.")),
    "wxr": (_l("WordPress export (WXR)"), _l("One XML file that WordPress and many others import. They fetch the"
                                             " pictures from here, so keep the blog until they have.")),
}

_WORDS = (
    _l("Packing your blog"), _l("Your blog is packed: %(size)s."),
    _l("Only the owner of a blog can take it away."),
    _l("This article is longer than %(most)s characters."), _l("There is no text in this article."),
    _l("This entry is larger than is read."), _l("This file is larger than is read."),
    _l("The front matter of this file cannot be read."), _l("This is in the file twice; the first was taken."),
    _l("There are more articles than are taken at once; the rest was left out."),
    _l("The file is damaged at line %(line)s; nothing behind that could be read."),
    _l("This file has a document type with definitions, which is not taken."),
    _l("This is neither a feed nor an export that is known."), _l("There are no articles in this file."),
    _l("You have %(most)s drafts already; no more are taken."), _l("This article could not be stored."),
    _l("A draft of a new version of this article is there already."), _l("This is no picture that is taken here."),
    _l("There is no more room for your files on this server; the picture stays where it is."),
    _l("There is no room on this server for more pictures just now."),
    _l("The rules of this server do not let it in."), _l("There is no feed at this address."),
    _l("This server fetches nothing just now."), _l("The other server does not hand it out."),
    _l("What came is larger than is taken."), _l("The other server took too long."),
    _l("The other server cannot be reached, or its address may not be."), _l("The file is not there any more."),
    _l("You do not write in this blog any more."), _l("%(number)s articles found"), _l("%(number)s articles compared"),
    _l("%(number)s of %(total)s articles"), _l("Looking into your blog's export"), _l("Bringing a blog along"),
    _l("%(articles)s articles and %(drafts)s drafts came along; %(here)s were here already, %(failed)s could"
       " not come."),
    _l("An export for this blog is being worked on already"), _l("An address begins with https://"),
)
"""What readers and jobs say, marked here for translation, since the rooms that say it know no language."""


def shown_import(summary: dict[str, Any], rows: Sequence[Row], problems: Sequence[tuple[int, Problem]], *,
                 more: int) -> dict[str, Any]:
    """An export that was looked through: before it is taken over the preview, behind that the report."""
    facts, fates, outcomes = summary["facts"], summary["fates"], summary["outcomes"]
    taken = facts.get("taken") == "1"
    total = int(facts.get("problems", "0"))
    words, which = (OUTCOMES, "outcome") if taken else (FATES, "fate")
    return {
        "taken": taken, "name": facts.get("name", ""), "file": facts.get("file", ""),
        "kind": _(str(KINDS.get(facts.get("kind", ""), ""))) if facts.get("kind") in KINDS else "",
        "facts": _tally(outcomes, OUTCOMES) if taken else _preview_facts(summary, fates),
        "rows": [[row.title or row.slug or _("Without a title"), _day(row.day),
                  _(str(STATES[row.state])) + (f" · {_('page')}" if row.page else ""),
                  _(str(words[getattr(row, which)]))] for row in rows],
        "last": _("What became of it") if taken else _("What happens"), "more": more,
        "problems": [{"name": problem.name, "text": _(problem.message, **problem.data)}
                     for _number, problem in problems],
        "more_problems": max(0, total - len(problems)) if not taken else 0,
        "left": _left(facts), "here": fates.get("here", 0),
        "origins": [{"value": "", "label": _("All")}, *({"value": origin, "label": f"{origin} ({count})"}
                    for origin, count in summary["origins"].items() if origin)]
        if len(summary["origins"]) > 1 else [],
        "drafts": sum(summary["states"].get(state, 0) for state in ("draft", "private", "password", "scheduled")),
        "pictures": summary["pictures"]}


def _tally(found: dict[str, int], words: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"label": _(str(words[word])), "value": found[word]} for word in words if found.get(word)]


def _preview_facts(summary: dict[str, Any], fates: dict[str, int]) -> list[dict[str, Any]]:
    states = summary["states"]
    drafts = sum(states.get(state, 0) for state in ("draft", "private", "password", "scheduled"))
    made = [(_("Articles"), summary["articles"] - summary["pages"]), (_("Pages of the menu"), summary["pages"]),
            (_("Among them drafts"), drafts), (_("Pictures"), summary["pictures"]),
            (_("Written"), _("%(first)s to %(last)s", first=_day(summary["oldest"]), last=_day(summary["newest"]))
             if summary["oldest"] else ""),
            (_("Here already"), fates.get("here", 0) + fates.get("drafted", 0))]
    return [{"label": label, "value": value} for label, value in made if value]


def _left(facts: dict[str, str]) -> list[dict[str, Any]]:
    """What no import takes along."""
    made = [(_("Comments of readers"), facts.get("comments")), (_("Entries in the bin"), facts.get("trash")),
            (_("Menus, forms and other things"), facts.get("others"))]
    return [{"label": label, "value": value} for label, value in made if value and value != "0"]


def _day(text: str) -> str:
    try:
        return date_only(datetime.fromisoformat(text).replace(tzinfo=UTC)) if text else ""
    except ValueError:
        return ""
