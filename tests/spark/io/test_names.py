"""Names of Java are asked for once, and mean what they meant."""

from __future__ import annotations

from typing import Any

import py4j.clientserver
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

pytestmark = pytest.mark.spark


def test_a_frame_is_made_without_asking_what_a_name_means(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    send = py4j.clientserver.ClientServerConnection.send_command

    def listened(connection: Any, command: str) -> Any:  # noqa: ANN401 - py4j's own
        if command.startswith("r\nu\n"):
            asked.append(command)
        return send(connection, command)

    monkeypatch.setattr(py4j.clientserver.ClientServerConnection, "send_command", listened)
    rows = spark.range(3).withColumn("twice", F.col("id") * 2).where("twice > 0")
    assert [row.twice for row in rows.select("twice").orderBy("twice").collect()] == [2, 4]
    assert asked == []
