"""GET /health, /live, /metrics: is all there that the API needs, is the API there, what it did."""

from __future__ import annotations

from fastapi import APIRouter, Response, status
from fastapi.responses import PlainTextResponse

from adlake.api.answers import Health
from adlake.api.parts import Given
from adlake.contracts.errors import AdlakeError

router = APIRouter()
OK = "ok"


@router.get("/live")
def live() -> dict[str, str]:
    """The process answers; what it needs may be away."""
    return {"status": OK}


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(parts: Given) -> str:
    """Counters for Prometheus (docs/monitoring.md)."""
    return parts.meters.exposition()


@router.get("/health", response_model=Health, responses={503: {"model": Health}})
def health(parts: Given, response: Response) -> Health:
    """Ask Kafka and Trino; 503 names the one that fails."""
    kafka, trino, freshness = OK, OK, None
    try:
        parts.ask_kafka()
    except AdlakeError as error:
        kafka = str(error)
    try:
        freshness = parts.ask_trino()
    except AdlakeError as error:
        trino = str(error)
    is_ok = kafka == trino == OK
    if not is_ok:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Health(
        status="ok" if is_ok else "failing",
        kafka=kafka,
        trino=trino,
        freshness_s=freshness,
        pending_events=len(parts.pending),
        overdue_events=parts.pending.overdue,
    )
