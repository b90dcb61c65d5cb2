"""A dropped table is a named stop, and goes on by a command that keeps the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.provision.catalog import owner_database
from tests.fixtures.drill.lake import drilled_lake, produce
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


def drop(lake: Lake, name: str) -> None:
    """What a DROP leaves when somebody took the trigger away first."""
    namespace, _, table = name.partition(".")
    with owner_database(lake.settings()).connect() as connection:
        connection.execute("ALTER TABLE iceberg_tables DISABLE TRIGGER refuse_drop")
        connection.execute(
            "DELETE FROM iceberg_tables WHERE table_namespace = %s AND table_name = %s",
            (namespace, table),
        )
        connection.execute("ALTER TABLE iceberg_tables ENABLE TRIGGER refuse_drop")


def test_a_dropped_table_stops_the_stream_until_its_loss_is_accepted(tmp_path: Path) -> None:
    with drilled_lake(tmp_path / "home") as lake:
        lake.stack().up(only=["stream"])
        produce(lake, 1_000, 5)
        lake.adlake("wait")
        lake.stack().down(only=["stream"])
        assert "1 rows" not in lake.adlake("lake", "show").stdout
        for name, way_on in ((GOLD_STATE, "again from Bronze"), (BRONZE_EVENTS, "what Kafka")):
            refused = lake.adlake("lake", "accept", name, "--reason", "drill", expected=1)
            assert f"nothing is lost of {name}" in refused.stderr
            drop(lake, name)
            said = lake.adlake("stream", expected=1)
            assert f"adlake: {name} is gone" in said.stderr
            assert way_on in said.stderr
            lake.adlake("lake", "accept", name, "--reason", "drill")
            lake.stack().up(only=["stream"])
            lake.adlake("wait")
            assert "PROVEN" in lake.adlake("verify").stdout
            lake.stack().down(only=["stream"])
