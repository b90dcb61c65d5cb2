"""Windows of KPIs: how long one is, and when what has arrived of it is looked at. Data alone."""

from __future__ import annotations

from typing import Final

WINDOW_MS: Final = 300_000
"""Windows begin at whole five minutes of UTC."""
EARLY_MS: Final = 60_000
"""After a window's end: what arrived until then is its early count."""
FINAL_MS: Final = 3_600_000
"""After a window's end: what arrives later is late."""
