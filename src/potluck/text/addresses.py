"""Addresses that somebody sent, taken apart without trusting that they are any."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def parts_of(address: str) -> SplitResult:
    """As `urlsplit`; what cannot be an address has no parts."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")
