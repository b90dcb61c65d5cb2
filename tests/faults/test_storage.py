"""F24, F28: files of the lake are damaged or missing, or vanish under a query that still runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlparse

import pytest
from pyspark.sql import SparkSession

from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.io.iceberg.expiry import expire_snapshots
from adlake.io.iceberg.table import IcebergTable, stamped
from adlake.io.postgres.lease import acquire
from adlake.io.spark.session import build_session, connect_catalog
from adlake.io.trino.client import TrinoClient, TrinoQueryError
from adlake.wiring.lake import lease_connect
from adlake.wiring.spark import catalog_access
from tests.fixtures.damaged_files import damaged, missing
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    client_of,
    drilled_lake,
    heads_of,
    produce,
    prove,
    run_once,
)
from tests.fixtures.engine import compact_gold
from tests.fixtures.lake import Lake
from tests.fixtures.sessions import resources_of

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

FLIPS = 8
SLOW_ROWS, SLOW_TIMES = 10_000, 20
"""Each row of Gold is counted so often: a query that takes its time."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with drilled_lake(tmp_path_factory.mktemp("storage") / "home") as one:
        produce(one, 4_000, seed=24)
        run_once(one)
        yield one


def largest_file(trino: TrinoClient, table: str) -> Path:
    """The largest data file of a table's current snapshot."""
    schema, name = table.split(".")
    [(address,)] = trino.rows(
        f'SELECT file_path FROM {schema}."{name}$files" WHERE content = 0 '
        "ORDER BY file_size_in_bytes DESC LIMIT 1"
    )
    return Path(urlparse(address).path)


def content_of(trino: TrinoClient) -> list[object] | None:
    """A checksum of every column of Gold as a reader gets them; None: a named error."""
    columns = [name for (name, *_) in trino.rows(f"DESCRIBE {GOLD_STATE}")]
    sums = ", ".join(f"checksum({name})" for name in columns)
    try:
        [row] = trino.rows(f"SELECT count(*), {sums} FROM {GOLD_STATE}")
    except TrinoQueryError:
        return None
    return list(row)


def test_f24_a_flipped_byte_of_gold_is_an_error_or_a_failed_proof(
    lake: Lake, chronicle: Chronicle
) -> None:
    with client_of(lake) as trino:
        right, file = content_of(trino), largest_file(trino, GOLD_STATE)
        outcomes = []
        random = Random(24)
        for at in (random.randrange(4, file.stat().st_size - 8) for _ in range(FLIPS)):
            with damaged(file, at):
                found = content_of(trino)
                verdict = lake.adlake("verify", "--quiet", "--full", expected=None)
            assert (verdict.returncode == 0) == (found == right), f"byte {at}: {verdict.stdout}"
            outcomes.append("error" if found is None else str(found == right))
    assert outcomes.count("True") < FLIPS, "no flip was ever seen"
    prove(lake)
    chronicle.add(
        "F24", f"{FLIPS} times one flipped byte in a Gold file", fired=True,
        named_errors=outcomes.count("error"), failed_proofs=outcomes.count("False"),
        harmless=outcomes.count("True"),
    )  # fmt: skip


def test_f24_a_flipped_byte_of_bronze_never_becomes_a_row(lake: Lake, chronicle: Chronicle) -> None:
    with client_of(lake) as trino:
        file = largest_file(trino, BRONZE_EVENTS)
    with damaged(file, file.stat().st_size // 3):
        refused = lake.adlake("replay", expected=None)
    assert refused.returncode != 0
    assert file.name in refused.stderr
    assert "hecksum" in refused.stderr
    chronicle.add("F24", "one flipped byte in a Bronze file", fired=True, outcome="named error")


@pytest.mark.parametrize("table", [GOLD_STATE, BRONZE_EVENTS])
def test_f24_a_missing_file_is_named(lake: Lake, chronicle: Chronicle, table: str) -> None:
    with client_of(lake) as trino:
        file = largest_file(trino, table)
    with missing(file):
        refused = lake.adlake("verify", "--quiet", "--full", expected=None)
    assert refused.returncode != 0
    assert file.name in refused.stdout + refused.stderr
    prove(lake)
    chronicle.add("F24", f"a file of {table} is missing", fired=True, outcome="named error")


@contextmanager
def leased_session(lake: Lake) -> Iterator[SparkSession]:
    """A session that may commit, as a driver's."""
    settings = lake.settings()
    lease = acquire(lease_connect(settings), "attribution", 60.0)
    session = build_session("adlake storage", resources_of("1g"))
    connect_catalog(session, replace(catalog_access(settings), lease=lease))
    try:
        yield session
    finally:
        session.stop()
        lease.release()


def stamp_again(session: SparkSession) -> None:
    """An empty commit with the newest stamp: only the newest stamped snapshot never expires."""
    gold = IcebergTable(session, GOLD_STATE)
    stamp = gold.newest_stamp()
    assert stamp is not None
    with stamped(session, dict(stamp.properties)):
        session.table(gold.full_name).limit(0).writeTo(gold.full_name).append()


def test_f28_a_long_query_across_compaction_and_expiry_sees_one_snapshot(
    lake: Lake, chronicle: Chronicle
) -> None:
    produce(lake, 1_500, seed=28)
    run_once(lake, COMPACT_EVERY_BATCHES="0")
    sums = "SELECT sum(length(events_state)), sum(revenue), count(*) FROM {}"
    with client_of(lake) as trino:
        [right] = trino.rows(sums.format(GOLD_STATE))
    slow = sums.format(f"{GOLD_STATE} CROSS JOIN UNNEST(sequence(1, {SLOW_ROWS}))")
    slow += f" CROSS JOIN UNNEST(sequence(1, {SLOW_TIMES}))"
    outcome: list[Any] = []

    def query() -> None:
        try:
            with client_of(lake) as reader:
                outcome.extend(reader.rows(slow))
        except TrinoQueryError as error:
            outcome.append(error)
        outcome.append(time.monotonic())

    with leased_session(lake) as session:
        before = heads_of(lake)[-1]
        reader = threading.Thread(target=query)
        reader.start()
        time.sleep(2)
        compact_gold(session)
        stamp_again(session)
        gone = expire_snapshots(session, GOLD_STATE, int(time.time() * 1000) + 1_000, keep=1)
        expired = time.monotonic()
        assert before not in heads_of(lake)
        reader.join(timeout=600)
    found, ended = outcome
    assert ended > expired, "the query ended before its snapshot did: make it slower"
    is_right = found == tuple(value * SLOW_ROWS * SLOW_TIMES for value in right)
    assert is_right or isinstance(found, TrinoQueryError), found
    prove(lake)
    chronicle.add(
        "F28", "a long query while its snapshot expires", fired=True, snapshots_expired=gone,
        outcome="answer of its snapshot" if is_right else f"clean error: {found}"[:200],
    )  # fmt: skip
