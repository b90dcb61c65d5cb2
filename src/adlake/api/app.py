"""The application: its routes over the parts it is given."""

from __future__ import annotations

from fastapi import FastAPI

from adlake.api.parts import Parts
from adlake.api.routes import (
    alerts,
    contracts,
    customer_events,
    customers,
    events,
    health,
    kpis,
    notifications,
)


def build_app(parts: Parts) -> FastAPI:
    """All routes; OpenAPI is at /openapi.json, its page at /docs."""
    app = FastAPI(
        title="adlake",
        version="0.1.0",
        summary="Ad and business events in, attributed exactly once",
        redoc_url=None,
    )
    app.state.parts = parts
    for module in (
        events,
        contracts,
        health,
        kpis,
        alerts,
        customers,
        customer_events,
        notifications,
    ):
        app.include_router(module.router)
    return app
