"""Topics by the names that the project gives them; the settings say what the broker calls each."""

from __future__ import annotations

from typing import Final

AD_TOPIC: Final = "ad_events"
BUSINESS_TOPIC: Final = "business_events"
CAMPAIGN_TOPIC: Final = "campaign_updates"
