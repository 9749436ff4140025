"""Entities of the administration: accounts, reports, blocks and allows, as moderators see them."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256

import msgspec

from potluck.apis.mastodon import entities
from potluck.apis.mastodon.entities import Json, optional_stamp, stamp
from potluck.db.base import now
from potluck.social.model import (
    Actor,
    CanonicalEmailBlock,
    DomainPolicy,
    EmailDomainBlock,
    IpBlock,
    Report,
    User,
    WebSession,
)


def account(actor: Actor, user: User | None, shown: bytes, *, sessions: Sequence[WebSession] = (),
            invited_by: int | None = None) -> Json:
    """Admin::Account.

    Args:
        shown: the Account, rendered.
        sessions: browsers that are signed in, last used first.
        invited_by: actor id of who made the invitation.
    """
    found: Json = {
        "id": str(actor.id), "username": actor.name, "domain": actor.host or None,
        "created_at": stamp(actor.created_at), "email": user.email if user else None,
        "ip": sessions[0].ip or None if sessions else None,
        "ips": [{"ip": row.ip, "used_at": stamp(row.last_used_at)} for row in sessions if row.ip],
        "locale": user.locale if user else None, "invite_request": user.signup_reason if user else None,
        "role": entities.role(user.role) if user else None, "confirmed": bool(user and user.confirmed_at),
        "approved": user is None or user.approved_at is not None, "disabled": bool(user and user.disabled_at),
        "sensitized": actor.sensitized_at is not None, "silenced": actor.silenced_at is not None,
        "suspended": actor.suspended_at is not None, "account": msgspec.Raw(shown),
    }
    if invited_by is not None:
        found["invited_by_account_id"] = str(invited_by)
    return found


def report(row: Report, people: Mapping[int, Json], statuses: Sequence[Json], rules: Sequence[Json],
           staff: Mapping[int, Json]) -> Json:
    """Admin::Report.

    Args:
        people: Admin::Account by actor id.
        staff: Admin::Account by user id.
    """
    return {
        "id": str(row.id), "action_taken": row.resolved_at is not None,
        "action_taken_at": optional_stamp(row.resolved_at), "category": row.category, "comment": row.comment,
        "forwarded": row.forwarded, "created_at": stamp(row.created_at),
        "updated_at": stamp(row.resolved_at or row.created_at), "account": people[row.reporter_id],
        "target_account": people[row.target_id], "assigned_account": staff.get(row.assigned_id or 0),
        "action_taken_by_account": staff.get(row.resolved_by_id or 0), "statuses": list(statuses),
        "rules": list(rules),
    }


def domain_block(row: DomainPolicy) -> Json:
    """Admin::DomainBlock."""
    return {
        "id": str(row.id), "domain": row.domain, "digest": sha256(row.domain.encode()).hexdigest(),
        "created_at": stamp(row.created_at), "severity": row.severity, "reject_media": row.reject_media,
        "reject_reports": row.reject_reports, "private_comment": row.private_comment or None,
        "public_comment": row.public_comment or None, "obfuscate": row.obfuscate,
    }


def domain_allow(row: DomainPolicy) -> Json:
    """Admin::DomainAllow."""
    return {"id": str(row.id), "domain": row.domain, "created_at": stamp(row.created_at)}


def ip_block(row: IpBlock) -> Json:
    """Admin::IpBlock."""
    return {"id": str(row.id), "ip": row.network, "severity": row.severity, "comment": row.comment,
            "created_at": stamp(row.created_at), "expires_at": optional_stamp(row.expires_at)}


def email_domain_block(row: EmailDomainBlock) -> Json:
    """Admin::EmailDomainBlock; each refused sign-up counts as one account and one use."""
    days = [now().date() - timedelta(days=back) for back in range(7)]
    history = [{"day": str(timegm(day.timetuple())), "accounts": str(row.attempts.get(day.isoformat(), 0)),
                "uses": str(row.attempts.get(day.isoformat(), 0))} for day in days]
    return {"id": str(row.id), "domain": row.domain, "created_at": stamp(row.created_at), "history": history}


def canonical_email_block(row: CanonicalEmailBlock) -> Json:
    """Admin::CanonicalEmailBlock."""
    return {"id": str(row.id), "canonical_email_hash": row.digest}
