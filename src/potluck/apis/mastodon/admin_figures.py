"""Administration: how much of what happened on which day, who takes part most, who stays."""

from __future__ import annotations

from datetime import datetime, timedelta

from potluck.apis.mastodon.admin_loading import check_staff
from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.entities import Json, stamp
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.params import parse_id
from potluck.social import figures

_LONGEST = timedelta(days=366)


def _period(call: Call) -> tuple[datetime, datetime]:
    """From the first day to the last, both whole."""
    start, end = call.params.moment("start_at"), call.params.moment("end_at")
    if start is None or end is None:
        raise ApiError(400, "Missing parameter: start_at and end_at")
    first = start.replace(hour=0, minute=0, second=0, microsecond=0)
    last = end.replace(hour=0, minute=0, second=0, microsecond=0)
    if last < first or last - first > _LONGEST:
        raise ApiError(422, "Validation failed: Period must be between a day and a year")
    return first, last


def _about(call: Call, key: str) -> figures.About:
    given = call.params.nested(key)
    return figures.About(tag_id=parse_id(given.text("id")) or 0, domain=given.text("domain").strip().lower())


@endpoint("POST", "/api/v1/admin/measures", scope="admin:read")
async def measures(call: Call) -> Answer:
    """Numbers day by day: active and new users, interactions, reports, uses of a tag, what a server has here."""
    check_staff(call)
    start, end = _period(call)
    session = await call.reader()
    wanted = [key for key in dict.fromkeys(call.params.texts("keys")) if key in figures.MEASURES]
    return answer([_measure(await figures.measure(session, key, start, end, _about(call, key))) for key in wanted])


def _measure(item: figures.Measure) -> Json:
    shown: Json = {"key": item.key, "unit": item.unit, "total": str(item.total)}
    if item.human is not None:
        shown["human_value"] = item.human
    if item.before is not None:
        shown["previous_total"] = str(item.before)
    return shown | {"data": [{"date": stamp(day), "value": str(number)} for day, number in item.days]}


@endpoint("POST", "/api/v1/admin/dimensions", scope="admin:read")
async def dimensions(call: Call) -> Answer:
    """Who or what takes part most: languages, apps, servers, versions, space; for a tag or a server too."""
    check_staff(call)
    start, end = _period(call)
    limit = max(1, min(call.params.whole("limit") or 10, 100))
    session = await call.reader()
    found: list[Json] = []
    for key in dict.fromkeys(call.params.texts("keys")):
        if key in figures.DIMENSIONS:
            rows = await figures.dimension(session, key, figures.Span(start, end, limit), _about(call, key))
            found.append({"key": key, "data": [_entry(row) for row in rows]})
    return answer(found)


def _entry(row: figures.Entry) -> Json:
    shown: Json = {"key": row.key, "human_key": row.label, "value": str(row.value)}
    return shown | ({"unit": row.unit, "human_value": row.human} if row.unit else {})


@endpoint("POST", "/api/v1/admin/retention", scope="admin:read")
async def retention(call: Call) -> Answer:
    """Of those who joined in each day or month, how many were still here later."""
    check_staff(call)
    start, end = _period(call)
    frequency = call.params.text("frequency", "day")
    if frequency not in {"day", "month"}:
        raise ApiError(422, "Validation failed: Frequency is not included in the list")
    if frequency == "day" and end - start > timedelta(days=62):
        raise ApiError(422, "Validation failed: Period must be at most two months")
    cohorts = await figures.retention(await call.reader(), start, end, monthly=frequency == "month")
    return answer([{"period": stamp(cohort.period), "frequency": frequency, "data": [
        {"date": stamp(day), "rate": rate, "value": str(number)} for day, rate, number in cohort.data]}
        for cohort in cohorts])


route_handlers = [measures, dimensions, retention]
