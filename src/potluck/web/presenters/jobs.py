"""Jobs as pages show them: what is done, how far it is, why it failed, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from potluck.jobs import Progress
from potluck.web.i18n import _, _l
from potluck.web.presenters.times import Time, shown_time

STATES = {"waiting": _l("waiting"), "running": _l("running"), "done": _l("done"), "failed": _l("failed"),
          "cancelled": _l("cancelled")}
HEADINGS = {"waiting": _l("Waiting"), "running": _l("Running"), "done": _l("Done"), "failed": _l("Failed"),
            "cancelled": _l("Cancelled")}
_TONES = {"running": "accent", "done": "good", "failed": "bad"}

_WORDS = (
    _l("Preparing a file"), _l("Preparing further resolutions"), _l("Preparing the video"), _l("Preparing the sound"),
    _l("Preparing the picture"), _l("Preparing the video in %(lines)s lines"),
    _l("This file cannot be played: it is damaged, or of a kind that is not taken."),
    _l("This file needs more %(what)s than this server gives to one file."),
    _l("The file was deleted before it was ready."), _l("This was cancelled."),
    _l("There is neither sound nor video in this file."), _l("There is no sound in this file."),
    _l("There is no video in this file."), _l("There is no picture in this video."),
    _l("This file cannot be read as sound or video."), _l("This kind of file is not taken."),
    _l("This is longer than a day."), _l("The pictures of this video are too large."),
    _l("The pictures of this video are too narrow."), _l("This file is empty."),
    _l("SVG pictures are not taken, because they can hold programs. Please save it as PNG or WebP."),
    _l("This is not a picture of a kind that is taken here."),
    _l("This picture is damaged, or not what it claims to be."),
    _l("This picture is too large: it has %(width)d by %(height)d pixels. At most %(most)d megapixels are taken."),
    _l("Something went wrong on this server. You can try again."),
    _l("This was interrupted again and again. You can try again."), _l("Taking over a list of servers"),
    _l("Looking into your archive"), _l("Bringing your archive along"), _l("%(number)s of %(total)s posts"),
    _l("%(number)s of %(total)s marks"), _l("The archive is not there any more."),
    _l("There is no outbox.json in this archive."), _l("A document in this archive cannot be read."),
    _l("This is no archive that can be read, or it is damaged."), _l("There are too many files in this archive."),
    _l("This archive unpacks to more than this server takes."),
    _l("%(posts)s posts, %(files)s files, %(likes)s likes and %(bookmarks)s bookmarks came along."),
    _l("Telling everyone about new terms of service"),
    _l("Packing your archive"), _l("%(done)s of %(total)s"), _l("Your archive is ready: %(size)s."),
    _l("A file of yours cannot be read at the moment. You can try again."),
    _l("There is not enough room on this server for your archive. Please tell its administrators."),
    _l("Server %(number)s of %(total)s"), _l("Taking your lists over"), _l("%(number)s of %(total)s"),
    _l("%(done)s of %(total)s taken over"), _l("%(done)s of %(total)s taken over. Not found: %(names)s"),
)
"""What jobs say, marked here for translation, since the rooms that say it know no language."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job on a page."""

    id: int
    label: str
    subject: str
    state: str
    state_text: str
    tone: str
    percent: int | None  # only while it runs
    message: str
    detail: str  # for administrators
    time: Time
    due: Time | None  # when it will begin, if that is fixed
    cancellable: bool
    retriable: bool


def words(message: str, data: Mapping[str, Any]) -> str:
    """A message of a job in the reader's language."""
    return _(message, **data) if message else ""


def shown_job(job: Progress) -> ShownJob:
    """A job as a page shows it."""
    waits = job.state == "waiting" and job.run_at > job.created_at and not job.attempts
    return ShownJob(
        job.id, _(job.label), job.subject, job.state, _(STATES[job.state]), _TONES.get(job.state, ""),
        round(job.progress * 100) if job.state == "running" else None, words(job.message, job.message_data),
        job.detail or "", shown_time(job.finished_at or job.created_at), shown_time(job.run_at) if waits else None,
        job.unfinished, job.retriable)
