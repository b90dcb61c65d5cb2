"""What Spark writes into the checkpoint of a run, as far as we read it."""

from __future__ import annotations

import json
from pathlib import Path


def batch_end_offsets(checkpoint: Path, batch_id: int, topic: str) -> dict[int, int]:
    """Partition -> first offset behind a batch. Spark writes it before it begins the batch.

    Raises:
        FileNotFoundError: no such batch was begun.
    """
    lines = (checkpoint / "offsets" / str(batch_id)).read_text().splitlines()
    # Version, properties of the batch, then one line for each source; there is one.
    return {int(p): int(offset) for p, offset in json.loads(lines[-1])[topic].items()}
