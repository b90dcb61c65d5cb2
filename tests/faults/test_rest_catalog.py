"""A REST catalog that keeps no branches of tables is refused by name (ADR 0019)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from adlake.devstack.errors import DevstackError
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import drilled_lake, produce
from tests.fixtures.nessie import running_nessie
from tests.fixtures.object_store.gateway import running_gateway

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]


def test_a_catalog_without_branches_is_named(tmp_path: Path, chronicle: Chronicle) -> None:
    """Nessie says yes to a branch and makes none: nothing is lost, and the stream says why."""
    with (
        running_gateway(tmp_path / "store") as gateway,
        running_nessie(tmp_path / "nessie", gateway) as nessie,
        drilled_lake(tmp_path / "home", **nessie.settings()) as lake,
    ):
        produce(lake, 300, seed=14)
        driver = lake.stream()
        with suppress(DevstackError):  # it may be ready before it stages its first batch
            driver.start()
        lake.wait_for_death(driver)
        said = driver.last_log_lines(60)
    assert "a REST catalog has to keep branches" in said
    assert "This is a fault of adlake" not in said
    chronicle.add("F22", "a REST catalog that keeps no branches", fired=True, outcome="named")
