"""What this server says about itself: rules, description, privacy policy, terms of service."""

from __future__ import annotations

from datetime import date
from typing import Any

from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json, stamp
from potluck.apis.mastodon.errors import not_found
from potluck.social import site_texts
from potluck.social import terms as terms_of_service
from potluck.social.model import ServerRule, Terms
from potluck.text.markup import escape_text


def rule(row: ServerRule) -> Json:
    """Rule."""
    return {"id": str(row.id), "text": row.text, "hint": row.hint, "translations": row.translations}


@endpoint("GET", "/api/v1/instance/rules")
async def rules(call: Call) -> Answer:
    """The rules of this server."""
    return answer([rule(row) for row in await site_texts.rules(await call.reader())])


@endpoint("GET", "/api/v1/instance/extended_description")
async def extended_description(call: Call) -> Answer:
    """ExtendedDescription; where nobody wrote one, the short one."""
    row = await site_texts.text(await call.reader(), site_texts.EXTENDED_DESCRIPTION)
    if row is None:
        short = call.settings.description
        return answer({"updated_at": None, "content": f"<p>{escape_text(short)}</p>" if short else ""})
    return answer({"updated_at": stamp(row.updated_at), "content": row.content})


@endpoint("GET", "/api/v1/instance/privacy_policy")
async def privacy_policy(call: Call) -> Answer:
    """PrivacyPolicy; where nobody wrote one, what the program does."""
    row = await site_texts.text(await call.reader(), site_texts.PRIVACY_POLICY)
    if row is None:
        return answer({"updated_at": "2026-01-01T00:00:00.000Z", "content": site_texts.privacy_policy()})
    return answer({"updated_at": stamp(row.updated_at), "content": row.content})


def _terms(row: Terms, versions: list[Terms]) -> Json:
    """TermsOfService."""
    in_force = terms_of_service.in_force(versions)
    later = terms_of_service.successor(row, versions)
    found: dict[str, Any] = {
        "effective_date": row.effective_date.isoformat(), "effective": in_force is not None and row.id == in_force.id,
        "content": row.content, "succeeded_by": later.effective_date.isoformat() if later else None}
    return found


@endpoint("GET", "/api/v1/instance/terms_of_service")
async def terms(call: Call) -> Answer:
    """The terms of service as they hold now; 404 where there are none."""
    versions = await terms_of_service.published(await call.reader())
    row = terms_of_service.in_force(versions)
    if row is None:
        raise not_found()
    return answer(_terms(row, versions))


@endpoint("GET", "/api/v1/instance/terms_of_service/{day:str}")
async def terms_of(call: Call) -> Answer:
    """The terms of service that take effect on a day."""
    try:
        wanted = date.fromisoformat(call.word("day"))
    except ValueError:
        raise not_found() from None
    versions = await terms_of_service.published(await call.reader())
    row = next((item for item in versions if item.effective_date == wanted), None)
    if row is None:
        raise not_found()
    return answer(_terms(row, versions))


route_handlers = [rules, extended_description, privacy_policy, terms, terms_of]
