"""The data sources, by the ids that grafana/provisioning/datasources gives them."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.common import DataSourceRef

TRINO: Final = DataSourceRef("trino-datasource", "adlake-trino")
PROMETHEUS: Final = DataSourceRef("prometheus", "adlake-prometheus")
EXPRESSION: Final = "__expr__"
"""What Grafana computes itself: the conditions of alert rules."""
