"""Drafts as a remote document would give them."""

from __future__ import annotations

from potluck.social.drafts import ActorDraft


def remote_draft(name: str, host: str, **changes: object) -> ActorDraft:
    """What the document of a remote person says."""
    uri = f"https://{host}/users/{name}"
    draft = ActorDraft(uri=uri, type="Person", name=name, host=host, inbox=f"{uri}/inbox",
                       followers_uri=f"{uri}/followers")
    for key, value in changes.items():
        setattr(draft, key, value)
    return draft
