"""Topics by the names that the project gives them; the settings say what the broker calls each."""

from __future__ import annotations

from typing import Final

AD_TOPIC: Final = "ad_events"
BUSINESS_TOPIC: Final = "business_events"
CAMPAIGN_TOPIC: Final = "campaign_updates"
ALERT_TOPIC: Final = "kpi_alerts"
CUSTOMER_TOPIC: Final = "customer_360"
SERVING_TOPIC: Final = "serving_status"
PUBLISHED: Final = frozenset({ALERT_TOPIC, CUSTOMER_TOPIC, SERVING_TOPIC})
"""Topics for others to read: no pipeline takes their records into the lake."""
COMPACTED: Final = frozenset({CUSTOMER_TOPIC})
"""Of each key the newest record is kept for ever: it is the present row."""
