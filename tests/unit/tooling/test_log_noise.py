"""The judge of logs sees what it is there for."""

from __future__ import annotations

import pytest

from tests.fixtures.log_noise import noise_of

HEALTHY = """
2026-11-25 23:57:25,280 INFO batch 1: 20000 rows, 3 rejected
2026-11-25 23:57:27,287 WARN  KafkaDataConsumer said once
2026-11-25 23:57:28,287 WARNING gold is behind bronze
"""


def test_a_healthy_log_is_quiet() -> None:
    assert noise_of(HEALTHY) == []


@pytest.mark.parametrize(
    "noise",
    [
        "java.lang.Error: x\n\tat org.apache.spark.sql.Catalogs$.load(Catalogs.scala:72)\n",
        "Traceback (most recent call last):\n  File\n",
        "".join(
            f"2026-11-25 23:57:2{n},1 WARN  MapPartitionsRDD RDD {n} was locally checkpointed\n"
            for n in range(2)
        ),
    ],
)
def test_a_trace_and_a_repeated_warning_are_noise(noise: str) -> None:
    assert len(noise_of(HEALTHY + noise)) == 1
