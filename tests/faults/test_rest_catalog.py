"""A lake whose tables a REST catalog lists: kills, a paused driver, a catalog that dies.

One that keeps no branches of tables is refused by name (ADR 0019).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.rest import RestCatalog as PyIcebergRest

from adlake.devstack.containers.configuration import REST_KEY, SPARK_KEY
from adlake.devstack.errors import DevstackError
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    QUICK,
    drilled_lake,
    produce,
    prove,
    prove_history,
    run_into,
    run_once,
    second_driver,
    wait_for_free_port,
    wait_until_stopped,
)
from tests.fixtures.lake import Lake
from tests.fixtures.object_store.gateway import REGION, SECRETS, running_gateway
from tests.fixtures.rest_catalogs import (
    WAREHOUSE,
    IcebergServer,
    NessieServer,
    RestServer,
    running,
)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

AWAY_SECONDS = 20.0
KILLS = ("bronze.after_commit", "gold.before_publish", "gold.after_append")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestServer]:
    folder = tmp_path_factory.mktemp("rest")
    with (
        running_gateway(folder / "store") as gateway,
        running(IcebergServer(folder / "catalog", gateway)) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, catalog: RestServer) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("rest") / "home", **catalog.settings()) as one:
        produce(one, 2_000, seed=14)
        run_once(one)
        yield one


def client(catalog: RestServer, key: str) -> PyIcebergRest:
    """PyIceberg on the catalog, with one of the store's keys."""
    gateway = catalog.gateway
    return PyIcebergRest(
        "lakehouse", uri=catalog.uri, warehouse=WAREHOUSE,
        **{
            "s3.endpoint": gateway.endpoint, "s3.region": REGION, "s3.access-key-id": key,
            "s3.secret-access-key": SECRETS[key],
        },
    )  # fmt: skip


@pytest.mark.parametrize("place", KILLS)
def test_f1_kills_on_a_rest_catalog(lake: Lake, chronicle: Chronicle, place: str) -> None:
    produce(lake, 600, seed=15)
    run_into(lake, f"{place}=kill9")
    run_once(lake)
    chronicle.add("F1", f"REST catalog: killed at {place}", fired=True)


def test_f4_a_paused_driver_keeps_the_lease_beyond_its_time(
    lake: Lake, chronicle: Chronicle
) -> None:
    """What protects instead of the fence: nobody else writes while the holder may still wake up."""
    produce(lake, 600, seed=16)
    wait_for_free_port(lake)
    with second_driver(lake, "zombie.log", FAILPOINTS="batch.start=stop") as zombie:
        wait_until_stopped(zombie)
        time.sleep(2 * float(QUICK["LEASE_TTL_SECONDS"]))
        with second_driver(lake, "other.log") as other:
            assert other.wait(timeout=240) != 0
        assert "may only be paused" in (lake.home / "logs" / "other.log").read_text()
        zombie.send_signal(signal.SIGCONT)
        prove(lake)
    run_once(lake)
    chronicle.add(
        "F4", "REST catalog: a driver starts while another is paused beyond its lease", fired=True,
        outcome="refused by name; the paused one went on",
    )  # fmt: skip


def test_the_key_of_the_catalog_writes_metadata_and_reads_no_rows(catalog: RestServer) -> None:
    """Least rights: what it commits with is no key to the lake (it runs with it in this file)."""
    rows = pa.table({"number": [1, 2, 3]})
    ours = client(catalog, SPARK_KEY)
    ours.create_namespace("other")
    table = ours.create_table("other.numbers", rows.schema)
    table.append(rows)
    file = next(iter(table.scan().plan_files())).file.file_path
    its = client(catalog, REST_KEY).load_table("other.numbers").io
    with pytest.raises(OSError, match="ACCESS_DENIED"):
        its.new_input(file).open()
    with its.new_output(f"{table.location()}/metadata/x").create(overwrite=True) as made:
        made.write(b"x")
    with (
        pytest.raises(OSError, match="ACCESS_DENIED"),
        its.new_output(f"{table.location()}/data/x").create(overwrite=True) as refused,
    ):
        refused.write(b"x")


def test_f22_many_commit_at_once_after_the_catalog_died(
    tmp_path: Path, catalog: RestServer, chronicle: Chronicle
) -> None:
    """Its list is a file: what a second start finds in it must lock nobody out."""
    rows = pa.table({"number": [1, 2, 3]})
    with running(IcebergServer(tmp_path, catalog.gateway)) as server:
        ours = client(server, SPARK_KEY)
        ours.create_namespace("many")
        tables = [ours.create_table(f"many.t{number}", rows.schema) for number in range(4)]
        server.kill()
        server.start()
        with ThreadPoolExecutor(len(tables)) as pool:
            for done in [pool.submit(one.append, rows) for one in tables]:
                done.result()
        assert [one.refresh().scan().count() for one in tables] == [3] * len(tables)
    chronicle.add("F22", "REST catalog: many commits at once after it was killed", fired=True)


def test_f22_the_catalog_dies_and_comes_back(
    lake: Lake, catalog: RestServer, chronicle: Chronicle
) -> None:
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    catalog.kill()
    produce(lake, 600, seed=18)
    time.sleep(AWAY_SECONDS)
    catalog.start()
    lake.stack().up(only=["stream"])
    prove(lake)
    lake.stack().down(only=["stream"])
    chronicle.add("F22", "REST catalog: killed and started again", fired=True)


def test_every_head_was_lawful(lake: Lake, chronicle: Chronicle) -> None:
    chronicle.totals["rest_catalog"] = prove_history(lake)


def test_a_catalog_without_branches_is_named(tmp_path: Path, chronicle: Chronicle) -> None:
    """Nessie says yes to a branch and makes none: nothing is lost, and the stream says why."""
    with (
        running_gateway(tmp_path / "store") as gateway,
        running(NessieServer(tmp_path / "nessie", gateway)) as nessie,
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
