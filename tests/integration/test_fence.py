"""The catalog database: which writer may commit which table, and which history is read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from adlake.contracts.registry import SPECS
from adlake.contracts.source import IncarnationKind
from adlake.io.postgres import source_incarnations
from adlake.io.postgres.lease import (
    Lease,
    LeaseHeldError,
    LeaseKeeper,
    LeaseLostError,
    acquire,
    is_held,
    release_by_hand,
    state_lease_of,
)
from adlake.io.postgres.migrations import CatalogDatabase
from adlake.io.postgres.source_incarnations import SourceIncarnation
from adlake.io.postgres.sqlstate import KEPT_TABLE, is_fenced
from adlake.io.postgres.table_heads import (
    HeadsRecorder,
    RecordedHead,
    TableHead,
    accept_loss,
    recorded_heads,
)
from adlake.provision.catalog import catalog_database, owner_database
from tests.fixtures.lake import Lake

pytestmark = pytest.mark.integration

FENCED = ("bronze.ad_events", "gold.ad_performance_state", "gold.of_a_capability_to_come")
SHADOW = "gold.ad_performance_replay"
AT = "table_namespace = %(namespace)s AND table_name = %(name)s"
CHANGES = {
    "commit": f"UPDATE iceberg_tables SET metadata_location = 'm1' WHERE {AT}",
    "create": "INSERT INTO iceberg_tables VALUES "
    "('lakehouse', %(namespace)s, %(name)s || '_new', 'm0', NULL, 'TABLE')",
    "create a view": "INSERT INTO iceberg_tables VALUES "
    "('lakehouse', %(namespace)s, %(name)s || '_view', 'm0', NULL, 'VIEW')",
    "drop": f"DELETE FROM iceberg_tables WHERE {AT}",
    "rename": f"UPDATE iceberg_tables SET table_name = 'other' WHERE {AT}",
    "move": f"UPDATE iceberg_tables SET table_namespace = 'elsewhere' WHERE {AT}",
    "make a namespace": "INSERT INTO iceberg_namespace_properties "
    "VALUES ('lakehouse', 'business', 'exists', 'true')",
    "change a namespace": "UPDATE iceberg_namespace_properties SET property_value = 'x'",
    "drop a namespace": "DELETE FROM iceberg_namespace_properties",
}
"""What Iceberg's JDBC catalog sends for each."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake(tmp_path_factory.mktemp("fence") / "home").running(only=["postgres"]) as one:
        yield one


@pytest.fixture(scope="module")
def database(lake: Lake) -> CatalogDatabase:
    one = catalog_database(lake.settings())
    with one.connect() as connection:
        for name in (*FENCED, SHADOW, "sandbox.somebody_elses"):
            connection.execute(
                "INSERT INTO iceberg_tables VALUES ('lakehouse', %s, %s, 'm0', NULL, 'TABLE')",
                tuple(name.split(".")),
            )
        connection.execute(
            "INSERT INTO iceberg_namespace_properties VALUES ('lakehouse', 'gold', 'a', 'b')"
        )
    return one


def change(database: CatalogDatabase, table: str, writer: Lease | None, what: str) -> None:
    """One change of the catalog on the connection of a writer; taken back when it is done."""
    namespace, name = table.split(".")
    with database.connect() as connection:
        if writer is not None:
            connection.execute(f"SET adlake.lease_name = {writer.name}")
            connection.execute(f"SET adlake.lease_epoch = {writer.generation}")
        done = connection.execute(CHANGES[what].encode(), {"namespace": namespace, "name": name})
        assert done.rowcount == 1
        connection.rollback()


def refused(database: CatalogDatabase, table: str, writer: Lease | None, what: str) -> str:
    """The words of the fence; fails when the change is done, or refused by something else."""
    with pytest.raises(psycopg.Error, match="fenced: ") as caught:
        change(database, table, writer, what)
    assert is_fenced(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("table", FENCED)
def test_only_the_newest_generation_commits(database: CatalogDatabase, table: str) -> None:
    old = acquire(database.connect, "attribution", 0.0)
    change(database, table, old, "commit")
    new = acquire(database.connect, "attribution", 30.0)
    for stale in (old, replace(new, generation=new.generation + 1)):
        assert "fenced: lease attribution" in refused(database, table, stale, "commit")
    with pytest.raises(LeaseLostError):
        old.renew()
    change(database, table, new, "commit")
    new.renew()
    new.release()


@pytest.mark.parametrize("what", CHANGES)
def test_a_stale_writer_changes_nothing_in_the_catalog(
    database: CatalogDatabase, what: str
) -> None:
    table = FENCED[-1]
    old = acquire(database.connect, "attribution", 0.0)
    new = acquire(database.connect, "attribution", 30.0)
    assert "this writer has epoch" in refused(database, table, old, what)
    assert "stop it first" in refused(database, table, None, what)
    change(database, table, new, what)
    new.release()
    change(database, table, None, what)


def test_the_holder_of_another_lease_is_refused_even_at_the_same_generation(
    database: CatalogDatabase,
) -> None:
    held = acquire(database.connect, "attribution", 30.0)
    other = replace(held, name="replay")
    for what in CHANGES:
        assert "this writer holds lease replay" in refused(database, FENCED[0], other, what)
    held.release()


def test_a_driver_of_the_version_before_states_its_generation_alone(
    database: CatalogDatabase,
) -> None:
    held = acquire(database.connect, "attribution", 30.0)
    with database.connect() as connection:
        connection.execute(f"SET adlake.lease_epoch = {held.generation}")
        connection.execute(
            "UPDATE iceberg_tables SET metadata_location = 'm1'  WHERE table_name = 'ad_events'"
        )
        connection.execute(f"SET adlake.lease_epoch = {held.generation - 1}")
        with pytest.raises(psycopg.Error, match="fenced: ") as caught:
            connection.execute("DELETE FROM iceberg_tables")
        assert is_fenced(caught.value)
    held.release()


def test_the_replayed_table_is_written_by_the_replay_and_put_away_by_the_stream_too(
    database: CatalogDatabase,
) -> None:
    stream = acquire(database.connect, "attribution", 30.0)
    replay = acquire(database.connect, "replay", 30.0)
    for what in ("commit", "drop"):
        change(database, SHADOW, replay, what)
    change(database, SHADOW, stream, "drop")
    refused(database, SHADOW, stream, "commit")
    refused(database, SHADOW, replace(stream, generation=stream.generation - 1), "drop")
    refused(database, SHADOW, replace(replay, generation=replay.generation - 1), "drop")
    stream.release()
    refused(database, SHADOW, None, "drop")
    replay.release()


def test_a_stopped_lake_is_moved_whatever_its_leases_say(database: CatalogDatabase) -> None:
    held = acquire(database.connect, "attribution", 30.0)
    with database.connect() as connection:
        for name in (*FENCED, SHADOW):
            state_lease_of(connection, *name.split("."))
            connection.execute(
                CHANGES["commit"].encode(),
                dict(zip(("namespace", "name"), name.split("."), strict=True)),
            )
        state_lease_of(connection, "gold")
        connection.execute(CHANGES["change a namespace"].encode())
        connection.rollback()
    held.release()


def test_a_writer_without_a_generation_is_refused_while_a_driver_works(
    database: CatalogDatabase,
) -> None:
    held = acquire(database.connect, "attribution", 30.0)
    assert "stop it first" in refused(database, FENCED[0], None, "commit")
    held.release()
    change(database, FENCED[0], None, "commit")


def test_the_database_fences_every_table_by_the_lease_of_the_registry(
    database: CatalogDatabase,
) -> None:
    with database.connect() as connection:
        found = {
            spec.name: connection.execute(
                "SELECT adlake.lease_of(%s, %s)", tuple(spec.name.split("."))
            ).fetchone()
            for spec in SPECS
        }
    assert found == {spec.name: (spec.lease,) for spec in SPECS}


def test_a_namespace_may_stand_under_a_lease_of_its_own(
    lake: Lake, database: CatalogDatabase
) -> None:
    with owner_database(lake.settings()).connect() as connection:
        connection.execute("INSERT INTO adlake.fenced_tables VALUES ('sandbox', '*', 'sandbox')")
    held = acquire(database.connect, "attribution", 30.0)
    change(database, "sandbox.somebody_elses", None, "commit")
    own = acquire(database.connect, "sandbox", 30.0)
    change(database, "sandbox.somebody_elses", own, "drop")
    refused(database, "sandbox.somebody_elses", None, "drop")
    refused(database, FENCED[0], own, "commit")
    own.release()
    held.release()


def test_a_held_lease_is_refused_and_names_its_holder(database: CatalogDatabase) -> None:
    held = acquire(database.connect, "attribution", 30.0)
    with pytest.raises(LeaseHeldError, match=r"pid \d+.* holds lease attribution"):
        acquire(database.connect, "attribution", 30.0)
    held.release()
    again = acquire(database.connect, "attribution", 30.0)
    assert again.generation == held.generation + 1
    again.release()


def test_the_lease_of_a_dead_driver_of_this_machine_is_free_at_once(
    database: CatalogDatabase,
) -> None:
    held = acquire(database.connect, "attribution", 600.0)
    with database.connect() as connection:
        # The same pid, but a process that started at another time: the holder is gone.
        connection.execute(
            "UPDATE adlake.leases SET holder = regexp_replace(holder, 'started .*', 'started 1.00')"
        )
    assert acquire(database.connect, "attribution", 0.0).generation == held.generation + 1


def clock_stepped(database: CatalogDatabase, hours: float) -> None:
    """What a step of the database's clock does to a lease: it was renewed that long before."""
    with database.connect() as connection:
        connection.execute(
            "UPDATE adlake.leases SET renewed_at = renewed_at - make_interval(secs => %s)",
            (hours * 3_600,),
        )


@pytest.mark.parametrize("hours", [3.0, -3.0], ids=["ahead", "back"])
def test_a_step_of_the_clock_takes_no_lease_from_a_living_driver(
    database: CatalogDatabase, hours: float
) -> None:
    held = acquire(database.connect, "attribution", 2.0)
    keeper = LeaseKeeper(held, 2.0, lambda: None)
    keeper.start()
    try:
        clock_stepped(database, hours)
        assert is_held(database.connect, "attribution")
        with pytest.raises(LeaseHeldError, match="holds lease attribution"):
            acquire(database.connect, "attribution", 2.0)
        held.renew()
    finally:
        keeper.stop()
        held.release()


@pytest.mark.parametrize("hours", [3.0, -3.0], ids=["ahead", "back"])
def test_a_step_of_the_clock_keeps_no_lease_for_a_driver_that_renews_no_more(
    database: CatalogDatabase, hours: float
) -> None:
    held = acquire(database.connect, "attribution", 1.0)
    clock_stepped(database, hours)
    taken = acquire(database.connect, "attribution", 1.0)
    assert taken.generation == held.generation + 1
    taken.release()


def test_a_replay_that_lives_here_is_at_work_whatever_the_clock_says(
    database: CatalogDatabase,
) -> None:
    held = acquire(database.connect, "replay", 5.0)
    clock_stepped(database, 3.0)
    assert is_held(database.connect, "replay"), "expiry would take its snapshots"
    held.release()
    assert not is_held(database.connect, "replay")


def test_a_declared_incarnation_is_read_back_and_declared_once(database: CatalogDatabase) -> None:
    first = SourceIncarnation("ads")
    assert source_incarnations.source_incarnations(database.connect, "ads") == [first]
    second = SourceIncarnation(
        "ads", 2, "id-2", {0: 3, 11: 0}, {0: 700}, "lost", "died", "me", IncarnationKind.LOST_TAIL,
    )  # fmt: skip
    source_incarnations.declare(database.connect, second)
    assert source_incarnations.source_incarnations(database.connect, "ads") == [first, second]
    assert source_incarnations.newest_incarnation(database.connect, "ads").label == "ads@2"
    with pytest.raises(source_incarnations.AlreadyDeclaredError, match="incarnation 2 of ads"):
        source_incarnations.declare(database.connect, second)


def test_each_topic_counts_its_own_incarnations(database: CatalogDatabase) -> None:
    for topic in ("touches", "orders"):
        one = SourceIncarnation(topic, 2, "id", kind=IncarnationKind.RECREATED)
        source_incarnations.declare(database.connect, one)
        assert source_incarnations.source_incarnations(database.connect, topic)[1:] == [one]
    others = source_incarnations.source_incarnations(database.connect, "others")
    assert others == [SourceIncarnation("others")]


def test_a_recorded_table_is_dropped_and_renamed_by_its_lease_holder_alone(
    database: CatalogDatabase,
) -> None:
    name = "gold.ad_performance_state"
    head = TableHead("00000000-0000-0000-0000-000000000001", 5, 5, 100)
    recorder = HeadsRecorder(database.connect)
    lease = acquire(database.connect, "attribution", 0.0)
    lease.release()
    rename = "UPDATE iceberg_tables SET table_name = 'x' WHERE table_name = %s"
    drop = "DELETE FROM iceberg_tables WHERE table_name = %s"
    try:
        recorder.record({name: RecordedHead(head, "ads", "{}")})
        recorder.record({name: RecordedHead(head, "ads", '{"0": 7}')})
        assert recorded_heads(database.connect)[name] == RecordedHead(head, "ads", '{"0": 7}')
        for statement in (drop, rename):
            with database.connect() as connection, pytest.raises(psycopg.Error) as caught:
                connection.execute(statement, ("ad_performance_state",))
            assert caught.value.sqlstate == KEPT_TABLE
        with database.connect() as connection:
            connection.execute(drop, ("somebody_elses",))
            connection.execute("SET adlake.lease_name = attribution")
            connection.execute(f"SET adlake.lease_epoch = {lease.generation}")
            connection.execute(drop, ("ad_performance_state",))
            connection.rollback()
        why = {"finding": "is gone", "reason": "drill"}
        accept_loss(database.connect, name, recorded_heads(database.connect)[name], why)
        assert recorded_heads(database.connect) == {}
        with database.connect() as connection:
            kept = connection.execute("SELECT reason FROM adlake.accepted_losses").fetchall()
        assert kept == [("drill",)]
    finally:
        recorder.close()


def test_without_a_fence_time_alone_frees_no_lease(database: CatalogDatabase) -> None:
    """A REST catalog takes the commit of a driver that was paused: it must be known to be gone."""
    name = "unfenced"
    first = acquire(database.connect, name, 600.0, is_fenced=False)
    with pytest.raises(LeaseHeldError, match="only one driver may write") as held:
        acquire(database.connect, name, 600.0, is_fenced=False)
    assert held.value.living == first.holder
    with database.connect() as connection:
        connection.execute(
            "UPDATE adlake.leases SET renewed_at = renewed_at - interval '1 hour', "
            "ttl_seconds = 0.2 WHERE lease_name = %s",
            (name,),
        )
    with pytest.raises(LeaseHeldError, match=r"may only be paused.*adlake lake release`") as held:
        acquire(database.connect, name, 0.2, is_fenced=False)
    assert held.value.living == ""
    first.renew()  # it was paused: nobody took the lease from it
    assert acquire(database.connect, "fenced", 0.0).generation == 1
    assert acquire(database.connect, "fenced", 0.0).generation == 2


def test_a_lease_of_a_vanished_driver_is_freed_by_hand_and_of_a_living_one_is_not(
    database: CatalogDatabase,
) -> None:
    name = "by hand"
    assert release_by_hand(database.connect, name) is None
    lease = acquire(database.connect, name, 600.0, is_fenced=False)
    with pytest.raises(LeaseHeldError, match="it lives, stop it there"):
        release_by_hand(database.connect, name)
    with database.connect() as connection:
        connection.execute(
            "UPDATE adlake.leases SET renewed_at = renewed_at - interval '1 hour', "
            "holder = 'elsewhere/pid 1/started x' WHERE lease_name = %s",
            (name,),
        )
    assert release_by_hand(database.connect, name) == "elsewhere/pid 1/started x"
    assert acquire(database.connect, name, 1.0, is_fenced=False).generation == lease.generation + 1


def test_a_driver_that_is_certainly_dead_is_replaced_at_once_also_without_a_fence(
    database: CatalogDatabase,
) -> None:
    name = "of the dead"
    acquire(database.connect, name, 600.0, is_fenced=False)
    with database.connect() as connection:
        connection.execute(
            "UPDATE adlake.leases SET holder = %s WHERE lease_name = %s",
            (f"{socket.gethostname()}/pid 1/started never", name),
        )
    assert acquire(database.connect, name, 1.0, is_fenced=False).generation == 2
