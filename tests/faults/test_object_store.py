"""F24 on an object store: it refuses, is slow, loses uploads; objects vanish; drivers die at it.

The driver reaches the store through a proxy that spoils requests; Trino and the commands read it
directly, with the key of readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import pytest

from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.devstack.containers.configuration import READER_KEY
from adlake.devstack.errors import DevstackError
from adlake.io.trino.client import TrinoClient
from tests.fixtures.damaged_files import damaged, missing
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    QUICK,
    client_of,
    drilled_lake,
    produce,
    prove,
    prove_history,
    run_into,
    run_once,
    wait_for_free_port,
)
from tests.fixtures.lake import Lake
from tests.fixtures.object_store.gateway import Gateway, running_gateway
from tests.fixtures.object_store.proxy import StoreFault, StoreProxy

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

KILLS = ("bronze.after_commit", "gold.before_publish", "gold.after_append")
GOLD_FILES, BRONZE_FILES = "/ad_performance_state/data/", "/ad_events/data/"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(tmp_path_factory.mktemp("store")) as one:
        yield one


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, gateway: Gateway) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("s3") / "home", **gateway.settings()) as one:
        produce(one, 3_000, seed=24)
        run_once(one)
        yield one


@pytest.fixture
def proxy(gateway: Gateway) -> Iterator[StoreProxy]:
    with closing(StoreProxy(gateway.port)) as one:
        yield one


def largest_object(trino: TrinoClient, table: str) -> str:
    """The largest data file of a table's current snapshot."""
    schema, name = table.split(".")
    [(address,)] = trino.rows(
        f'SELECT file_path FROM {schema}."{name}$files" WHERE content = 0 '
        "ORDER BY file_size_in_bytes DESC LIMIT 1"
    )
    return str(address)


def test_everything_lies_in_the_store_and_replay_agrees(
    lake: Lake, gateway: Gateway, chronicle: Chronicle
) -> None:
    with client_of(lake) as trino:
        assert largest_object(trino, GOLD_STATE).startswith("s3://")
    assert not (lake.home / "warehouse").exists()
    told = lake.adlake("replay").stdout
    assert "equal" in told
    prove(lake)
    chronicle.add("F24", "stream, verify and replay on an object store", fired=True)


def test_the_key_of_readers_cannot_write(lake: Lake, gateway: Gateway) -> None:
    """Least rights: a driver with the readers' key dies of it, and nothing changes."""
    produce(lake, 300, seed=25)
    weak = lake.stream(**gateway.settings(key=READER_KEY))
    wait_for_free_port(lake)
    with suppress(DevstackError):
        weak.start()
    lake.wait_for_death(weak)
    said = weak.last_log_lines(400)
    assert "adlake: the object store refuses this key" in said, said
    run_once(lake)


@dataclass(frozen=True)
class Failing:
    """What a store does for a while: a fault, for requests of some methods and paths."""

    fault: StoreFault
    methods: tuple[str, ...]
    part: str
    times: int

    def __str__(self) -> str:
        return f"{self.fault.value} {'/'.join(self.methods)} {self.part or 'anything'}"


FAILING = (
    Failing(StoreFault.UNAVAILABLE, ("PUT", "POST", "GET", "HEAD"), "", 12),
    Failing(StoreFault.SLOW, ("PUT", "GET"), "", 15),
    Failing(StoreFault.CUT, ("PUT",), BRONZE_FILES, 1),
    Failing(StoreFault.CUT, ("PUT",), GOLD_FILES, 1),
    Failing(StoreFault.CUT, ("PUT",), "/metadata/", 2),
    Failing(StoreFault.LOST_REPLY, ("PUT",), GOLD_FILES, 1),
    Failing(StoreFault.LOST_REPLY, ("PUT",), "/metadata/", 2),
)


@pytest.mark.parametrize("failing", FAILING, ids=str)
def test_f24_a_store_that_fails_for_a_while(
    lake: Lake, proxy: StoreProxy, chronicle: Chronicle, failing: Failing
) -> None:
    wait_for_free_port(lake)
    lake.stack(S3_ENDPOINT=proxy.endpoint).up(only=["stream"])
    proxy.plant(failing.fault, *failing.methods, part=failing.part, times=failing.times)
    produce(lake, 600, seed=30 + FAILING.index(failing))
    # Spark's own patience may have ended before the fault did: then the supervisor starts it again.
    lake.stack(S3_ENDPOINT=proxy.endpoint).up(only=["stream"])
    prove(lake)
    lake.stack().down(only=["stream"])
    assert proxy.met[failing.fault] == failing.times
    chronicle.add("F24", f"object store: {failing}", fired=True, times=failing.times)


@pytest.mark.parametrize("part", [BRONZE_FILES, GOLD_FILES, "/metadata/"])
def test_f24_a_driver_dies_in_the_middle_of_an_upload(
    lake: Lake, proxy: StoreProxy, chronicle: Chronicle, part: str
) -> None:
    produce(lake, 600, seed=40)
    wait_for_free_port(lake)
    proxy.plant(StoreFault.HELD, "PUT", part=part)
    doomed = lake.stream(S3_ENDPOINT=proxy.endpoint)
    with suppress(DevstackError):
        doomed.start()
    assert proxy.holding.wait(180), f"no upload of {part}"
    for process in doomed.processes():
        process.kill()
    lake.wait_for_death(doomed)
    run_once(lake)
    chronicle.add("F24", f"object store: killed while uploading {part}", fired=True)


@pytest.mark.parametrize("place", KILLS)
def test_f1_kills_on_an_object_store(lake: Lake, chronicle: Chronicle, place: str) -> None:
    produce(lake, 600, seed=50)
    run_into(lake, f"{place}=kill9")
    run_once(lake)
    chronicle.add("F1", f"object store: killed at {place}", fired=True)


def test_f24_a_missing_object_is_named(lake: Lake, gateway: Gateway, chronicle: Chronicle) -> None:
    for table in (GOLD_STATE, BRONZE_EVENTS):
        with client_of(lake) as trino:
            address = largest_object(trino, table)
        with missing(gateway.file_of(address)):
            refused = lake.adlake("verify", "--quiet", "--full", expected=None)
        assert refused.returncode != 0
        assert address.rpartition("/")[2] in refused.stdout + refused.stderr
        prove(lake)
        chronicle.add("F24", f"object store: an object of {table} is missing", fired=True)


def test_f24_a_flipped_byte_is_an_error_or_a_failed_proof(
    lake: Lake, gateway: Gateway, chronicle: Chronicle
) -> None:
    with client_of(lake) as trino:
        file = gateway.file_of(largest_object(trino, GOLD_STATE))
    # The last third of a file's half: in the data, not in the footer.
    with damaged(file, file.stat().st_size // 3):
        refused = lake.adlake("verify", "--quiet", "--full", expected=None)
    assert refused.returncode != 0
    prove(lake)
    chronicle.add("F24", "object store: one flipped byte of Gold", fired=True)


def test_every_head_was_lawful(lake: Lake, chronicle: Chronicle) -> None:
    assert QUICK["SNAPSHOT_MINUTES"] == "600"
    chronicle.totals["object_store"] = prove_history(lake)
