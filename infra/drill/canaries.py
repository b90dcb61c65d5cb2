"""Times events of its own from the producer to a row of Trino, beside the containers' traffic."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.canary import CanaryWatch, percentile

BROKER, TOPIC, TRINO_PORT = "127.0.0.1:9092", "ad_events", 8080
DRAIN_SECONDS = 60


def main() -> None:
    """Runs for the given minutes; exit code 1 when an event was never seen."""
    watch = CanaryWatch(BROKER, TOPIC, TRINO_PORT)
    watch.start()
    time.sleep(float(sys.argv[1]) * 60)
    watch.stop(DRAIN_SECONDS)
    middle, high = (percentile(watch.seconds, share) for share in (0.5, 0.95))
    sys.stdout.write(
        f"{len(watch.seconds)} events of our own were seen by Trino after {middle:.0f} s (half of "
        f"them) and {high:.0f} s (95 of 100), {len(watch.pending)} never\n"
    )
    sys.exit(1 if watch.pending else 0)


if __name__ == "__main__":
    main()
