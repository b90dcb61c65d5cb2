"""Files and tests that mutations of several subjects name."""

from __future__ import annotations

BATCH = "tests/spark/streaming/test_batch.py"
FENCE = "tests/integration/test_fence.py"
GOLD = "src/adlake/attribution/spark/gold.py"
BATCH_JOB = "src/adlake/streaming/batch.py"
SINK = "src/adlake/streaming/sink.py"
WRITER = "src/adlake/attribution/writer.py"
