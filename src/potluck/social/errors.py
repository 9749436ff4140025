"""Why an act was refused, in words that may be shown.

SocialError
├── NotFound     it does not exist, or the asker may not know that it does (404)
├── NotAllowed   it exists, but this may not be done with it (403)
├── Invalid      a field has a value that cannot be used (422)
├── Conflict     it collides with what is there (409)
└── TooMany      a limit on how often was reached (429)
"""

from __future__ import annotations


class SocialError(Exception):
    """Base. `text` is a safe English sentence.

    Args:
        template: that sentence, as a message id for translation.
        values: what stands in it for `%(name)s`.
    """

    status = 400

    def __init__(self, template: str, **values: object) -> None:
        self.text = template % values if values else template
        super().__init__(self.text)
        self.template, self.values = template, values


class NotFound(SocialError):
    """What was asked for does not exist, or is not visible to who asked."""

    status = 404

    def __init__(self, text: str = "Record not found") -> None:
        super().__init__(text)


class NotAllowed(SocialError):
    """The act is not permitted."""

    status = 403

    def __init__(self, text: str = "This action is not allowed", **values: object) -> None:
        super().__init__(text, **values)


def moved_away() -> NotAllowed:
    """Why people who moved away post and follow no more."""
    return NotAllowed("Your account has moved. Take the move back in the settings if you want to use it again")


class Invalid(SocialError):
    """A value cannot be used.

    Args:
        field: name of the field as the form or API knows it.
        text: what is wrong with it.
        code: short machine word (taken, blank, invalid, too_long, too_short, reserved, …).
        values: what stands in the text for `%(name)s`.
    """

    status = 422

    def __init__(self, field: str, text: str, code: str = "invalid", **values: object) -> None:
        super().__init__(text, **values)
        self.field = field
        self.code = code


class Conflict(SocialError):
    """The act collides with the present state."""

    status = 409


class TooMany(SocialError):
    """Too many attempts. `retry_after` is in seconds."""

    status = 429

    def __init__(self, text: str = "Too many requests", retry_after: int = 60) -> None:
        super().__init__(text)
        self.retry_after = retry_after
