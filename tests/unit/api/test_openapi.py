"""Whatever is sent, the API answers as its OpenAPI text says, and never with a 5xx of its own."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance

from adlake.api.app import build_app
from tests.unit.api.parts import LakeDouble, parts_with

PARTS = parts_with(LakeDouble(known={"c"}))
schema = schemathesis.openapi.from_asgi("/openapi.json", build_app(PARTS))


@schema.parametrize()
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_route_answers_as_it_says(case: schemathesis.Case) -> None:
    """An event is any object there: what it lacks is told by reason, with 422."""
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
