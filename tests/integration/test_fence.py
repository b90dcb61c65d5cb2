"""The catalog database: which writer may commit which table, and which history is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adlake.contracts.source import IncarnationKind
from adlake.io import source_epochs
from adlake.io.lease import LeaseHeldError, LeaseKeeper, LeaseLostError, acquire, is_held
from adlake.io.sqlstate import KEPT_TABLE, is_fenced
from adlake.io.table_heads import (
    HeadsBook,
    RecordedHead,
    TableHead,
    accept_loss,
    recorded_heads,
)
from adlake.provision.catalog import CatalogDatabase, catalog_database
from tests.integration.lake import Lake

pytestmark = pytest.mark.integration

FENCED = ("bronze.ad_events", "gold.ad_performance_state", "dims.dim_campaigns")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogDatabase]:
    lake = Lake(Path(tmp_path_factory.mktemp("fence") / "home"))
    try:
        lake.stack().up(only=["postgres"])
        one = catalog_database(lake.settings())
        with one.connect() as connection:
            for name in (*FENCED, "gold.somebody_elses"):
                connection.execute(
                    "INSERT INTO iceberg_tables VALUES ('lakehouse', %s, %s, 'm0', NULL, 'TABLE')",
                    tuple(name.split(".")),
                )
        yield one
    finally:
        lake.stack().nuke()


def commit(database: CatalogDatabase, table: str, epoch: int | None) -> None:
    """What Iceberg does at a commit: one UPDATE of the table's row, on the writer's connection."""
    with database.connect() as connection:
        if epoch is not None:
            connection.execute(f"SET adlake.lease_epoch = {epoch}")
        connection.execute(
            "UPDATE iceberg_tables SET metadata_location = 'm1' "
            "WHERE table_namespace = %s AND table_name = %s",
            tuple(table.split(".")),
        )


@pytest.mark.parametrize("table", FENCED)
def test_only_the_newest_epoch_commits(database: CatalogDatabase, table: str) -> None:
    old = acquire(database.connect, "attribution", 0.0)
    commit(database, table, old.epoch)
    new = acquire(database.connect, "attribution", 30.0)
    for stale in (old.epoch, new.epoch + 1):
        with pytest.raises(psycopg.Error, match="fenced: lease attribution") as refused:
            commit(database, table, stale)
        assert is_fenced(refused.value)
    with pytest.raises(LeaseLostError):
        old.renew()
    commit(database, table, new.epoch)
    new.renew()
    new.release()


def test_a_writer_without_an_epoch_is_refused_while_a_driver_works(
    database: CatalogDatabase,
) -> None:
    held = acquire(database.connect, "attribution", 30.0)
    with pytest.raises(psycopg.Error, match="stop it first") as refused:
        commit(database, FENCED[0], None)
    assert is_fenced(refused.value)
    commit(database, "gold.somebody_elses", None)
    held.release()
    commit(database, FENCED[0], None)


def test_a_held_lease_is_refused_and_names_its_holder(database: CatalogDatabase) -> None:
    held = acquire(database.connect, "attribution", 30.0)
    with pytest.raises(LeaseHeldError, match=r"pid \d+.* holds lease attribution"):
        acquire(database.connect, "attribution", 30.0)
    held.release()
    again = acquire(database.connect, "attribution", 30.0)
    assert again.epoch == held.epoch + 1
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
    assert acquire(database.connect, "attribution", 0.0).epoch == held.epoch + 1


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
    assert taken.epoch == held.epoch + 1
    taken.release()


def test_a_replay_that_lives_here_is_at_work_whatever_the_clock_says(
    database: CatalogDatabase,
) -> None:
    held = acquire(database.connect, "replay", 5.0)
    clock_stepped(database, 3.0)
    assert is_held(database.connect, "replay"), "expiry would take its snapshots"
    held.release()
    assert not is_held(database.connect, "replay")


def test_a_declared_source_epoch_is_read_back_and_declared_once(database: CatalogDatabase) -> None:
    first = source_epochs.SourceEpoch("ads")
    assert source_epochs.source_epochs(database.connect, "ads") == [first]
    second = source_epochs.SourceEpoch(
        "ads", 2, "id-2", {0: 3, 11: 0}, {0: 700}, "lost", "a disk died", "somebody",
        IncarnationKind.LOST_TAIL,
    )  # fmt: skip
    source_epochs.declare(database.connect, second)
    assert source_epochs.source_epochs(database.connect, "ads") == [first, second]
    assert source_epochs.newest_source_epoch(database.connect, "ads").label == "ads@2"
    with pytest.raises(psycopg.errors.UniqueViolation):
        source_epochs.declare(database.connect, second)


def test_each_topic_counts_its_own_incarnations(database: CatalogDatabase) -> None:
    for topic in ("touches", "orders"):
        one = source_epochs.SourceEpoch(topic, 2, "id", kind=IncarnationKind.RECREATED)
        source_epochs.declare(database.connect, one)
        assert source_epochs.source_epochs(database.connect, topic)[1:] == [one]
    assert source_epochs.source_epochs(database.connect, "others") == [
        source_epochs.SourceEpoch("others")
    ]


def test_a_recorded_table_is_dropped_and_renamed_by_its_lease_holder_alone(
    database: CatalogDatabase,
) -> None:
    name = "gold.ad_performance_state"
    head = TableHead("00000000-0000-0000-0000-000000000001", 5, 5, 100)
    book = HeadsBook(database.connect)
    lease = acquire(database.connect, "attribution", 0.0)
    lease.release()
    rename = "UPDATE iceberg_tables SET table_name = 'x' WHERE table_name = %s"
    drop = "DELETE FROM iceberg_tables WHERE table_name = %s"
    try:
        book.record({name: RecordedHead(head, "ads", "{}")})
        book.record({name: RecordedHead(head, "ads", '{"0": 7}')})
        assert recorded_heads(database.connect)[name] == RecordedHead(head, "ads", '{"0": 7}')
        for statement in (drop, rename):
            with database.connect() as connection, pytest.raises(psycopg.Error) as caught:
                connection.execute(statement, ("ad_performance_state",))
            assert caught.value.sqlstate == KEPT_TABLE
        with database.connect() as connection:
            connection.execute(drop, ("somebody_elses",))
            connection.execute(f"SET adlake.lease_epoch = {lease.epoch}")
            connection.execute(drop, ("ad_performance_state",))
            connection.rollback()
        why = {"finding": "is gone", "reason": "drill"}
        accept_loss(database.connect, name, recorded_heads(database.connect)[name], why)
        assert recorded_heads(database.connect) == {}
        with database.connect() as connection:
            kept = connection.execute("SELECT reason FROM adlake.accepted_losses").fetchall()
        assert kept == [("drill",)]
    finally:
        book.close()
