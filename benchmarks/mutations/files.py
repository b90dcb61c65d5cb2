"""Files and tests that mutations of several subjects name."""

from __future__ import annotations

BATCH = "tests/spark/streaming/test_batch.py"
FENCE = "tests/integration/test_fence.py"
