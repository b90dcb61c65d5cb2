"""What the benchmark of the API says of the answers it waited for."""

from __future__ import annotations

from benchmarks.api import waits


def test_half_of_the_posts_waited_no_longer_than_the_p50() -> None:
    waited = [number / 1_000 for number in range(1_000)]
    assert waits(waited[::-1]) == {"p50": 0.5, "p95": 0.95, "p99": 0.99}
