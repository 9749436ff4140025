"""What is said, in order. Each kind of community adds its own lines when it comes to exist."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """A post.

    Attributes:
        key: how later lines refer to it.
        who: handle of the author.
        hours: how long ago.
        reply_to: key of the post it answers.
        liked_by, boosted_by: handles.
        poll: options and votes, for a poll.
        document: for a thing of another kind, by a remote author: the ActivityStreams type, its name and summary.
        community: handle of the community it is posted to.
        title, link: of a post in a community by somebody here.
        downvoted_by: handles.
        flair: tag of a post in a community.
        picture: a file in `static/demo/` and what it shows.
        card: what the linked page says of itself: title, description, a file in `static/demo/` or ''.
        removed: why a moderator took it down.
    """

    key: str
    who: str
    hours: float
    text: str
    reply_to: str = ""
    warning: str = ""
    visibility: str = "public"
    language: str = "en"
    liked_by: tuple[str, ...] = ()
    boosted_by: tuple[str, ...] = ()
    poll: tuple[tuple[str, int], ...] = ()
    document: dict[str, str] = field(default_factory=dict)
    community: str = ""
    title: str = ""
    link: str = ""
    downvoted_by: tuple[str, ...] = ()
    flair: str = ""
    picture: tuple[str, str] = ("", "")
    card: tuple[str, str, str] = ("", "", "")
    removed: str = ""


LINES = (
    Line("table", "bob", 70, "The long table is done: four metres of ash, no screws. It wants people around it.",
         liked_by=("alice", "mia", "mona", "carol@mastodon.example"), boosted_by=("alice",)),
    Line("moss", "carol@mastodon.example", 52,
         "Found Buxbaumia viridis on a rotting spruce log this morning. Two capsules, both proud of themselves."
         " #moss #fieldwork", liked_by=("alice", "mia"), boosted_by=("mia",)),
    Line("film", "tomas@video.example", 47, "Eleven minutes about a ferry that no longer runs.",
         document={"type": "Video", "name": "The last crossing",
                   "summary": "A short film about a ferry, its captain, and a river that changed its mind."}),
    Line("review", "noor@books.example", 26, "Read it in one sitting, then sat there.",
         document={"type": "Review", "name": "The Salt Path of Small Hours",
                   "summary": "Four stars. A novel about bakers, insomnia, and the people who buy the first loaf."}),
    Line("quiet", "alice", 16, "Testing the new oven with the good flour. If the lights go out, it was worth it.",
         visibility="unlisted", liked_by=("bob",)),
    Line("warning", "alice", 14, "The cellar had a visitor with eight legs and a great deal of confidence. We have"
         " agreed that the cellar is hers.", warning="spider", liked_by=("mia",)),
    Line("post", "wren@lemmy.example", 11, "Paper bags or glass jars? The mice have read the label on the paper bags.",
         document={"type": "Page", "name": "How do you store seeds over winter?"}, community="gardening@lemmy.example",
         liked_by=("alice", "mia", "carol@mastodon.example")),
    Line("jars", "mia", 10, "Jars, with a spoon of dry rice at the bottom. The mice have given up on us.",
         reply_to="post", liked_by=("alice", "wren@lemmy.example")),
    Line("mice", "wren@lemmy.example", 9, "The rice! Thank you. I had been using hope.", reply_to="jars",
         liked_by=("mia",)),
    Line("catalogue", "wren@lemmy.example", 30, "", document={"type": "Page", "name": "An old bean catalogue"},
         link="https://beans.example/catalogue", community="gardening@lemmy.example", liked_by=("alice",),
         card=("Beans, a catalogue of 1911", "Two hundred varieties, drawn by hand, with what they cost by the ounce.",
               "beans.svg")),
    Line("lentils_again", "wren@lemmy.example", 7.5, "", document={"type": "Page", "name": "Which lentil to grow?"},
         link="https://kitchen.example/lentils", community="gardening@lemmy.example", liked_by=("mia",)),
    Line("sourdough", "bob", 20, "Three loaves, one of them edible. What goes wrong in my second rise?",
         community="long_table", title="My sourdough rises, then sulks", flair="Question",
         liked_by=("alice", "mia", "mona")),
    Line("warmer", "alice", 19, "Your workshop is cold. Try the oven with only the lamp on.", reply_to="sourdough",
         liked_by=("bob", "mia", "dave")),
    Line("lamp", "bob", 18.5, "The lamp! It has risen. It has risen.", reply_to="warmer", liked_by=("alice",)),
    Line("yeast", "dave", 18, "Bread is a slow soup.", reply_to="sourdough", liked_by=("alice",),
         downvoted_by=("mona",)),
    Line("buy", "frank@gts.example", 17.5, "Cheap proving baskets, click here.", reply_to="sourdough",
         removed="Advertising"),
    Line("sorry", "mia", 17.2, "We have baskets to lend, no clicks needed.", reply_to="buy", liked_by=("bob", "alice")),
    Line("cold", "mona", 16, "How cold is the workshop, honestly?", reply_to="warmer"),
    Line("honest", "bob", 15.5, "The glue does not set before noon.", reply_to="cold", liked_by=("mona",)),
    Line("glue", "dave", 15, "Then it is not bread you are making there.", reply_to="honest", liked_by=("bob", "mia")),
    Line("crusty", "bob", 14.6, "It is a table with a crust.", reply_to="glue", liked_by=("dave", "alice", "mia")),
    Line("rye", "mia", 14, "A spoon of rye in the starter woke mine up. And patience: twelve hours, not six.",
         reply_to="sourdough", liked_by=("alice", "bob", "mona")),
    Line("lentils", "mia", 8, "", community="long_table", title="Every lentil, compared in one table", flair="Recipe",
         link="https://kitchen.example/lentils", liked_by=("alice", "bob", "dave", "mona"),
         card=("Every lentil, compared", "Cooking time, taste, and which of them keep their shape in a salad.",
               "lentils.svg")),
    Line("beluga", "alice", 7.4, "Beluga for salads, red for everything that may fall apart.", reply_to="lentils",
         liked_by=("mia", "bob")),
    Line("loaf", "alice", 6, "The new oven holds its heat for nine hours.", community="long_table", flair="Recipe",
         title="First loaf out of the new oven", picture=("loaf.svg", "A round loaf with three cuts on a wooden board"),
         liked_by=("bob", "mia", "mona", "dave", "carol@mastodon.example")),
    Line("crust", "dave", 5.5, "I can hear that crust from here.", reply_to="loaf", liked_by=("alice", "mia")),
    Line("dumplings", "mona", 27, "The fold at 2:10 is the whole secret.", community="long_table", flair="Recipe",
         title="Folding dumplings in four minutes", link="https://video.example/dumplings.mp4",
         liked_by=("alice", "mia")),
    Line("thirty", "mona", 12, "Everything must fit into the two large pots.", community="long_table",
         title="Which soup for thirty people?", flair="Question",
         poll=(("Lentil and lemon", 9), ("Potato and leek", 6), ("Whatever Dave says", 2)), liked_by=("dave",)),
    Line("jupiter", "bob", 3.4, "Through the old tube, a phone held to the eyepiece. Balcony, 22:40.",
         community="night_sky", title="Jupiter and four of its moons", flair="Photo",
         picture=("jupiter.svg", "Jupiter, banded, with two moons on each side"), liked_by=("alice", "eve", "mia")),
    Line("moons", "eve", 3.1, "From left to right? I never know which is which.", reply_to="jupiter",
         liked_by=("bob",)),
    Line("order", "bob", 3, "Callisto, Ganymede, then Europa and Io on the other side.", reply_to="moons",
         liked_by=("eve", "alice")),
    Line("clear", "mia", 9, "", community="night_sky", title="Three clear nights in a row, says the chart",
         flair="Tonight", link="https://weather.example/clear-sky", liked_by=("bob", "alice"),
         card=("Clear-sky chart", "Clouds, haze and the moon, hour by hour.", "")),
    Line("swap", "mona", 4, "Bring a jar of something, take a jar of something else. Labels please.", flair="Meet-up",
         community="long_table", title="Jam swap on Saturday", liked_by=("alice", "mia")),
    Line("garden", "mia", 7, "First frost. The dahlias have folded, the kale is only getting started. #garden",
         liked_by=("alice", "bob", "carol@mastodon.example"), boosted_by=("alice", "carol@mastodon.example")),
    Line("german", "carol@mastodon.example", 6.5, "@mia Wunderschön! Bei uns blüht noch der Efeu.", reply_to="garden",
         language="de"),
    Line("direct", "bob", 5, "@alice Shall I bring the benches round on Monday? The van is free after four.",
         visibility="direct"),
    Line("question", "alice", 3, "Tuesday kitchen: what shall we cook for thirty people? #potluck",
         poll=(("Bean stew", 11), ("Lentil pie", 7), ("A very large soup", 9)), liked_by=("bob", "dave"),
         boosted_by=("mona",)),
    Line("soup", "dave", 2.8, "@alice Soup. It is always soup. I will die on this hill, and there will be soup there.",
         reply_to="question", liked_by=("alice", "bob")),
    Line("bowls", "bob", 2.7, "@dave I have forty bowls and one opinion: stew needs bowls too.", reply_to="soup"),
    Line("truce", "dave", 2.6, "@bob A thick soup, then.", reply_to="bowls", liked_by=("alice",)),
    Line("walk", "frank@gts.example", 2,
         "Thirty kilometres along the canal. Counted nine herons; the ninth was a plastic bag. Still counts.",
         liked_by=("alice",)),
    Line("invitation", "alice", 0.6,
         "Doors open at six on Tuesday. Bring a dish, a chair or a story; nobody is sent away hungry."
         " https://kitchen.example/tuesday #potluck",
         liked_by=("bob", "mia", "mona", "frank@gts.example"), boosted_by=("bob", "frank@gts.example")),
)
