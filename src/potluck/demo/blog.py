"""A blog with something to read: what a kitchen learned in a year, with tables, footnotes, sums and a little code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.kinds.article import actions
from potluck.kinds.article.actions import ArticleRequest
from potluck.kinds.note import actions as notes
from potluck.kinds.note.actions import NoteRequest
from potluck.social import actors, follows, keys
from potluck.social.blogs import authors, making
from potluck.social.blogs.making import Wishes
from potluck.social.errors import NotFound
from potluck.social.model import Actor

NAME = "crumbs_and_salt"
_CSS = "h2 { color: light-dark(#7a4a12, #f2c063); } blockquote { font-style: italic; }"


@dataclass(frozen=True, slots=True)
class Piece:
    """An article, or a page of the menu."""

    who: str
    title: str
    text: str
    days: float = 0
    summary: str = ""
    tags: tuple[str, ...] = ()
    page: bool = False
    pinned: bool = False
    comments: tuple[tuple[str, str], ...] = ()  # who, and what they say


PIECES = (
    Piece("alice", "Who we are", """We cook for whoever comes, every Tuesday, in a hall that smells of floor wax
until the onions are on.

What we learn we write down here, so that the next kitchen need not learn it again. Take what you can use.""",
          days=90, page=True),
    Piece("alice", "What forty litres of soup taught us", """The first pot fed eleven people and could have fed
fifty. The second fed fifty and should have fed sixty. Somewhere in the third month we began to count.[^1]

## How much is enough

| people who said they would come | people who came | litres eaten |
|---:|---:|---:|
| 20 | 26 | 10 |
| 35 | 41 | 17 |
| 50 | 48 | 20 |
| 60 | 83 | 34 |

It comes to about four tenths of a litre each, whatever is in the pot. So we cook

$$ L = 0.4 \\cdot (n + 2\\sqrt{n}) $$

litres for *n* names on the list; the root is for those who bring a friend.[^2]

## What goes wrong

- **Salt at the end.** Forty litres take a handful more than you dare, and an hour to tell you so.
- **One big pot.** Two pots of twenty cool twice as fast, and only one of them can burn.
- **The ladle.** Buy the second ladle. Buy it now.

> Nobody ever came back for the recipe. They came back because somebody had asked their name.

[^1]: With beans in a jar, one for each bowl. The jar is still on the shelf.
[^2]: Mona says that this is no way to use a root. It has been right nine Tuesdays out of ten.
""", days=21, summary="Eleven people, then fifty, then eighty-three: how we learned to cook for a number nobody knows.",
          tags=("potluck", "soup"), pinned=True, comments=(
              ("mona", "For the record: I said it is no way to *justify* a root. It works."),
              ("bob", "The second ladle hangs on the third hook. I made the hook."))),
    Piece("bob", "A table that goes up four flights", """A table for sixteen weighs eighty kilograms and does
not fit round the landing. This one comes apart into six pieces that one person can carry, and goes together
without a tool.

## The idea

Two trestles, four boards. The boards have a tongue on one side and a groove on the other; the trestles have a
slot that takes the pair in the middle. Gravity does the rest.

## The cut list

| part | number | length | from |
|:-----|-----:|------:|:------|
| board | 4 | 2400 mm | spruce, 28 by 190 |
| leg | 8 | 740 mm | beech, 45 by 45 |
| rail | 4 | 680 mm | beech, 28 by 70 |

I let a small program lay the parts on the planks, since I always forget the width of the saw:

```python
def fits(parts: list[int], plank: int, kerf: int = 3) -> bool:
    # Each cut costs the width of the blade.
    return sum(part + kerf for part in parts) - kerf <= plank
```

- [x] one coat of oil before the first dinner
- [ ] a second one, some day
""", days=9, tags=("woodwork",), comments=(
        ("alice", "Carried up by three people and one pram. It has not wobbled yet."),)),
    Piece("alice", "Bread for people who have no time", """Flour, water, salt, and a night. The dough works
while you sleep; that is the whole trick.

1. In the evening: 500 g flour, 350 g water, 10 g salt, a crumb of yeast the size of a lentil. Stir for one minute.
2. In the morning: fold it four times, leave it until the oven is hot.
3. Bake in a lidded pot, 230 °C, half an hour with the lid and a quarter without.

If it is flat, it was too warm in the night. If it is pale, you were in a hurry. Both are eaten.
""", days=1.2, tags=("bread", "potluck")),
)


async def fill(db: Database) -> None:
    """Start the blog and publish what is in it."""
    pairs = await keys.generate()
    async with db.write() as session:
        people = {name: await _person(session, name) for name in ("alice", "bob", "mia", "mona", "eve")}
        blog = await making.create(session, people["alice"], NAME, Wishes(
            "Crumbs & salt", "Notes from a kitchen that cooks for whoever comes. #potluck", language="en", css=_CSS,
            bylines=True), pairs=pairs)
        await authors.invite(session, people["alice"], blog, people["bob"])
        for name in ("bob", "mia", "mona"):
            await follows.follow(session, people[name], blog)
    for piece in PIECES:
        await _publish(db, people, blog, piece)


async def _person(session: AsyncSession, name: str) -> Actor:
    found = await actors.by_handle(session, name)
    if found is None:
        raise NotFound
    return found


async def _publish(db: Database, people: dict[str, Actor], blog: Actor, piece: Piece) -> None:
    request = ArticleRequest(
        piece.text, blog_id=blog.id, title=piece.title, summary=piece.summary, tags=piece.tags, page=piece.page,
        published=now() - timedelta(days=piece.days))
    prepared = await actions.prepare(db, None, request)
    async with db.write() as session:
        row = await actions.publish(session, people[piece.who], request, prepared)
        if piece.pinned:
            await actions.pin(session, people["alice"], row.id)
        for who, said in piece.comments:
            await notes.compose(session, people[who], NoteRequest(said, content_type="text/markdown",
                                                                  in_reply_to_id=row.id))
