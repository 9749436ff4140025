"""Log lines: structlog, as text for people or JSON for machines, secrets masked."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from potluck.settings import Settings

_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "private_key")


def _mask(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Never let a value whose name speaks of a secret into the log."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "(hidden)"
    return event


def configure(settings: Settings) -> None:
    """Set up logging of this process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask,
    ]
    if settings.log_format == "json":
        shared += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # Plain: the pretty traceback shows the values of local variables, secrets among them.
        shared.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(),
                                                    exception_formatter=structlog.dev.plain_traceback))
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.basicConfig(level=max(level, logging.WARNING), format="%(levelname)s %(name)s: %(message)s")
