"""Which jobs there are, and how much of each kind of work may run at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from potluck.settings import Settings

if TYPE_CHECKING:
    from potluck.jobs.model import JobRow

Work: TypeAlias = "Callable[..., Awaitable[None]]"
Ended: TypeAlias = "Callable[[AsyncSession, JobRow], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Definition:
    """A job as it was defined.

    Attributes:
        work: called with the `Job` and the arguments; may be called again after a crash.
        label: English name of it (a message id for translation).
        attempts: how often it is begun at the most when errors are not its owner's.
        ended: called in the transaction in which it fails for good or is cancelled.
    """

    name: str
    queue: str
    label: str
    work: Work
    attempts: int
    ended: Ended | None


@dataclass(frozen=True, slots=True)
class Limit:
    """How many jobs of a kind of work run at once, over all engines and in each."""

    everywhere: int
    here: int


definitions: dict[str, Definition] = {}
"""Every job by its name."""
_queues: dict[str, Callable[[Settings], Limit]] = {}


def define(name: str, *, queue: str, label: str, attempts: int = 3,
           ended: Ended | None = None) -> Callable[[Work], Work]:
    """Decorate the function that does a job.

    Raises:
        ValueError: another function has the name, or nobody has set up the queue.
    """
    if queue not in _queues:
        raise ValueError(f"job {name!r}: there is no queue {queue!r}")

    def register(work: Work) -> Work:
        known = definitions.get(name)
        if known is not None and known.work.__qualname__ != work.__qualname__:
            raise ValueError(f"two jobs are named {name!r}")
        definitions[name] = Definition(name, queue, label, work, attempts, ended)
        return work

    return register


def queue(name: str, limit: Callable[[Settings], Limit]) -> None:
    """Set up a kind of work and its bounds."""
    _queues[name] = limit


def names() -> list[str]:
    """All jobs this version can do; others wait for one that can."""
    return list(definitions)


def limits(settings: Settings) -> dict[str, Limit]:
    """The bounds of every kind of work."""
    return {name: limit(settings) for name, limit in _queues.items()}


def label(name: str) -> str:
    """The message id that names a job to people."""
    found = definitions.get(name)
    return found.label if found else name


queue("transcoding", lambda settings: Limit(settings.transcoding_jobs, settings.transcoding_jobs_per_engine))
queue("images", lambda settings: Limit(64, settings.image_jobs_per_engine))
queue("general", lambda _settings: Limit(64, 4))

