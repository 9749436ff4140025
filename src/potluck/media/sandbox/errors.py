"""What can come of a job in the sandbox, in one family tree.

Beside each stands whether it is permanent: would the same bytes fail again?

    SandboxError
    ├── Refused             yes: the bytes are bad, or not what they claim to be; the text may be shown to their owner
    ├── Exhausted           yes: they asked for more memory, time or room than this server gives
    ├── Crashed             yes: the decoder fell over them
    └── Unavailable         no: the sandbox itself could not be used
"""

from __future__ import annotations

from typing import Any, ClassVar


class SandboxError(Exception):
    """A job that did not succeed. `permanent` decides about retrying."""

    permanent: ClassVar[bool] = True


class Refused(SandboxError):
    """The bytes cannot be used.

    Args:
        message: why, in words for the person who sent them (a message id).
        data: values for the message.
    """

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message % data if data else message)
        self.message = message
        self.data = data


class Exhausted(SandboxError):
    """A limit was reached.

    Args:
        what: which one: "memory", "time", "CPU time", "output", "files".
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"the file needs more {what} than this server gives to one file")
        self.what = what


class Crashed(SandboxError):
    """The worker died or talked nonsense; the text is for our log."""


class Unavailable(SandboxError):
    """The sandbox could not be started, or broke under a job that was not to blame."""

    permanent = False
