"""GET /contracts/{event_type}: what an event of a type must look like."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, status

from adlake.api.answers import Trouble
from adlake.collector.schemas import EVENT_TYPES, VERSION, schema_of

router = APIRouter()


@router.get("/contracts", response_model=list[str])
def contract_names() -> list[str]:
    """All event types."""
    return list(EVENT_TYPES)


@router.get("/contracts/{event_type}", responses={404: {"model": Trouble}})
def contract(
    event_type: str,
    version: Annotated[int, Query(ge=1, description="of the contract")] = VERSION,
) -> dict[str, Any]:
    """JSON Schema of one event type."""
    schema = schema_of(event_type.upper(), version)
    if schema is None:
        raise HTTPException(
            status.HTTP_404_NOT_FOUND,
            f"no contract of that type and version; there are {', '.join(EVENT_TYPES)}, each in "
            f"version {VERSION}",
        )
    return schema
