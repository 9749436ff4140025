"""The words for what moderators do, used by several pages of the administration."""

from __future__ import annotations

from potluck.web.i18n import _l

ACTIONS = {
    "none": _l("Warn"), "sensitive": _l("Hide their media behind a click"), "disable": _l("Freeze"),
    "silence": _l("Limit"), "suspend": _l("Suspend"), "delete": _l("Delete for good"),
    "mark_statuses_as_sensitive": _l("Mark the chosen posts as sensitive"),
    "delete_statuses": _l("Delete the chosen posts"),
}
HINTS = {
    "none": _l("Nothing but your words."), "sensitive": _l("Now and in future posts."),
    "disable": _l("They are signed out and cannot come back in; their posts and profile stay."),
    "silence": _l("Only followers come across them, and whoever they want to follow is asked first."),
    "suspend": _l("Nobody sees them or their posts, and they can do nothing but appeal, export or leave."),
    "delete": _l("Everything they said is removed here, and other servers are asked to do the same."
                 " It cannot be undone."),
}
DONE = {
    "none": _l("A warning"), "sensitive": _l("All your media are hidden behind a click"),
    "disable": _l("Your account is frozen"), "silence": _l("Your account is limited"),
    "suspend": _l("Your account is suspended"), "delete": _l("The account is deleted"),
    "mark_statuses_as_sensitive": _l("Posts were marked as sensitive"), "delete_statuses": _l("Posts were deleted"),
}
"""What was done, as the person concerned reads it."""

CATEGORIES = {"spam": _l("Spam"), "legal": _l("Against the law"), "violation": _l("Breaks a rule"),
              "other": _l("Something else")}
KINDS = {"": _l("All"), "report": _l("Reports"), "sign_up": _l("Sign-ups"), "appeal": _l("Appeals"),
         "held": _l("Posts held back")}
ONE_OF = {"report": _l("Report"), "sign_up": _l("Sign-up"), "appeal": _l("Appeal"), "held": _l("Post held back")}
