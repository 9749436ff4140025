"""E-mail addresses of logins: in one form, so that each counts once."""

from __future__ import annotations

import re

from potluck.social.errors import Invalid
from potluck.text.names import normalise_host

_LOCAL = re.compile(r"[^\s@<>(),:;\\\"\[\]\x00-\x1f\x7f]{1,64}")
_LONGEST = 254


def normalise_email(text: str) -> str:
    """An address in lower case, its domain in ASCII.

    Raises:
        Invalid: it is none.
    """
    text = text.strip()
    local, _, domain = text.rpartition("@")
    host = normalise_host(domain)
    if not text:
        raise Invalid("email", "Please give your e-mail address", "blank")
    if host is None or ":" in host or not _LOCAL.fullmatch(local) or len(text) > _LONGEST:
        raise Invalid("email", "This is not an e-mail address")
    return f"{local.lower()}@{host}"
