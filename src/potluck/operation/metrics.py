"""`/metrics`, `/healthz`, `/health`, `/readyz`: how the server is doing, for Prometheus and for what restarts it."""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address
from secrets import compare_digest
from typing import Any

from litestar import Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from potluck.db.base import now
from potluck.db.engine import Database
from potluck.federation.model import Delivery, FetchJob, InboxItem
from potluck.handlers import Part, get
from potluck.jobs import JobRow
from potluck.settings import current
from potluck.social.model import Object, Server, User

registry = CollectorRegistry()
ProcessCollector(registry=registry)
_REQUESTS = Counter("potluck_http_requests", "Requests answered", ["method", "status"], registry=registry)
_SECONDS = Histogram("potluck_http_request_seconds", "Time to the first byte of the answer", registry=registry,
                     buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
_LISTENERS = Gauge("potluck_live_listeners", "Open live streams of this process", registry=registry)
_GAUGES = {
    name: Gauge(f"potluck_{name}", meaning, registry=registry)
    for name, meaning in {
        "inbox_waiting": "Inbox items acknowledged and not processed yet",
        "inbox_parked": "Inbox items that could not be processed",
        "inbox_oldest_seconds": "Age of the oldest waiting inbox item",
        "deliveries_waiting": "Deliveries to be made",
        "deliveries_failed": "Deliveries given up",
        "fetches_waiting": "Background fetches to be made",
        "jobs_waiting": "Background jobs to be done, later ones included",
        "jobs_running": "Background jobs being done",
        "jobs_failed": "Background jobs that failed within the last 60 days",
        "users": "Accounts",
        "local_objects": "Objects made here",
        "servers": "Known servers",
        "servers_failing": "Servers whose circuit is open",
    }.items()
}


@cache
def _counter(method: str, status: int) -> Counter:
    return _REQUESTS.labels(method, status)


def note(method: str, status: int, seconds: float) -> None:
    """Count an answer, and the time until it began."""
    _counter(method, status).inc()
    _SECONDS.observe(seconds)


@get("/healthz")
async def healthz() -> Response[str]:
    """The process answers."""
    return Response("ok", media_type="text/plain")


@get("/health")
async def health() -> Response[str]:
    """The same in the words of Mastodon's own check, which its client libraries ask for."""
    return Response("OK", media_type="text/plain")


@get("/readyz")
async def readyz(request: Request[Any, Any, Any]) -> Response[str]:
    """The database answers too: requests may be sent here."""
    try:
        async with request.app.state.db.read() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError):
        return Response("the database does not answer", status_code=503, media_type="text/plain")
    return Response("ready", media_type="text/plain")


@get("/metrics")
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Measures in Prometheus' format: with the configured token, or from this machine when there is none."""
    if not _may_read(request):
        return Response(b"not allowed\n", status_code=403, media_type="text/plain")
    await _refresh(request.app.state.db)
    hub = getattr(request.app.state, "hub", None)
    _LISTENERS.set(hub.listeners if hub else 0)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request[Any, Any, Any]) -> bool:
    token = current().metrics_token
    if token:
        return compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return bool(request.client and not forwarded and ip_address(request.client.host).is_loopback)


async def _refresh(db: Database) -> None:
    moment = now()
    queries = {
        "inbox_waiting": select(func.count()).select_from(InboxItem).where(InboxItem.parked_at.is_(None)),
        "inbox_parked": select(func.count()).select_from(InboxItem).where(InboxItem.parked_at.is_not(None)),
        "deliveries_waiting": select(func.count()).select_from(Delivery).where(Delivery.failed_at.is_(None)),
        "deliveries_failed": select(func.count()).select_from(Delivery).where(Delivery.failed_at.is_not(None)),
        "fetches_waiting": select(func.count()).select_from(FetchJob),
        "jobs_waiting": select(func.count()).select_from(JobRow).where(JobRow.state == "waiting"),
        "jobs_running": select(func.count()).select_from(JobRow).where(JobRow.state == "running"),
        "jobs_failed": select(func.count()).select_from(JobRow).where(JobRow.state == "failed"),
        "users": select(func.count()).select_from(User),
        "local_objects": select(func.count()).select_from(Object).where(Object.local, Object.deleted_at.is_(None)),
        "servers": select(func.count()).select_from(Server),
        "servers_failing": select(func.count()).select_from(Server).where(Server.retry_at > moment),
    }
    combined = select(*[query.scalar_subquery().label(name) for name, query in queries.items()])
    async with db.read() as session:
        row = (await session.execute(combined)).one()
        oldest = await session.scalar(select(func.min(InboxItem.received_at)).where(InboxItem.parked_at.is_(None)))
    for name in queries:
        _GAUGES[name].set(getattr(row, name))
    _GAUGES["inbox_oldest_seconds"].set((moment - oldest).total_seconds() if oldest else 0)


endpoints = Part().endpoints([healthz, health, readyz, metrics])
