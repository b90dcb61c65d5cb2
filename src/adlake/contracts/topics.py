"""Topics by the names that the project gives them; the settings say what the broker calls each."""

from __future__ import annotations

from typing import Final

AD_TOPIC: Final = "ad_events"
BUSINESS_TOPIC: Final = "business_events"
CAMPAIGN_TOPIC: Final = "campaign_updates"
ALERT_TOPIC: Final = "kpi_alerts"
PUBLISHED: Final = frozenset({ALERT_TOPIC})
"""Topics for others to read: no pipeline takes their records into the lake."""
