"""Facade hosts: further names under which this server answers as another system, for apps that take no other.

Same accounts, ids, tokens and data; actors, handles and pages stay on the main host. Which system a call meets is told
by the host it was sent to.
"""

from __future__ import annotations

from dataclasses import dataclass

from potluck.settings import Settings, current

LEMMY_VERSION = "0.19.15"
"""The release of Lemmy whose API we answer."""


@dataclass(frozen=True, slots=True)
class Facade:
    """A system we answer as.

    Attributes:
        software: its name in NodeInfo.
        version: its release.
        url: base URL of its host.
        nodeinfo: versions of NodeInfo its well-known document names, the first one first, with their paths.
        paths: beginnings of what is answered there; everything else is on the main host.
    """

    software: str
    version: str
    url: str
    nodeinfo: tuple[tuple[str, str], ...]
    paths: tuple[str, ...]


_SHARED = ("/.well-known/nodeinfo", "/nodeinfo/", "/media/", "/proxy/", "/static/")


def of_host(host: str, settings: Settings | None = None) -> Facade | None:
    """The system that a host (as in the request's header) stands for, None for the main one."""
    settings = settings or current()
    if settings.lemmy_host and host.lower() == settings.lemmy_host != settings.host:
        return Facade("lemmy", LEMMY_VERSION, settings.lemmy_url,
                      (("2.0", "/nodeinfo/2.0.json"), ("2.1", "/nodeinfo/2.1")),
                      (*_SHARED, "/api/v3/", "/pictrs/"))
    return None
