"""The application: its routes over the parts it is given."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response, status
from fastapi.responses import JSONResponse
from starlette.routing import Match

from adlake.api.parts import Parts
from adlake.api.routes import (
    advertisers,
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
        advertisers,
        customers,
        customer_events,
        notifications,
    ):
        app.include_router(module.router)
    app.add_exception_handler(status.HTTP_405_METHOD_NOT_ALLOWED, _not_allowed)
    return app


async def _not_allowed(request: Request, _error: Exception) -> Response:
    """405 with the methods of all routes of the path, not of the first one alone."""
    routes = [one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE]
    methods = sorted({method for one in routes for method in getattr(one, "methods", None) or ()})
    return JSONResponse(
        {"detail": "Method Not Allowed"},
        status.HTTP_405_METHOD_NOT_ALLOWED,
        {"Allow": ", ".join(methods)},
    )
