"""F40: the wall clock was set back."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from adlake.devstack.errors import DevstackError
from adlake.devstack.status import as_table, status_of
from adlake.provision.catalog import catalog_database
from tests.fixtures.clock_set_back import shifted
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import produce, prove, run_once, wait_for_free_port
from tests.fixtures.lake import Lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

BEHIND_SECONDS = 150
"""Iceberg forgives 60 of them; a start on a busy machine takes most of the rest."""


def set_clock_back(lake: Lake, seconds: float) -> None:
    """Every time in every table lies so much ahead; the stream must be stopped."""
    with catalog_database(lake.settings()).connect(autocommit=True) as catalog:
        rows = catalog.execute(
            "SELECT table_namespace, table_name, metadata_location FROM iceberg_tables "
            "WHERE metadata_location IS NOT NULL AND iceberg_type = 'TABLE'"
        ).fetchall()
        for namespace, table, location in rows:
            old = Path(unquote(urlsplit(location).path))
            raw = old.read_bytes()
            is_gzip = raw[:2] == b"\x1f\x8b"
            told = json.loads(gzip.decompress(raw) if is_gzip else raw)
            text = json.dumps(shifted(told, int(seconds * 1000))).encode()
            name = f"{old.name.split('-', 1)[0]}-{uuid.uuid4()}{'.gz' * is_gzip}.metadata.json"
            old.with_name(name).write_bytes(gzip.compress(text) if is_gzip else text)
            catalog.execute(
                "UPDATE iceberg_tables SET metadata_location = %s "
                "WHERE table_namespace = %s AND table_name = %s",
                (location.rsplit("/", 1)[0] + "/" + name, namespace, table),
            )


def test_f40_a_clock_set_back_is_waited_for_and_named(lake: Lake, chronicle: Chronicle) -> None:
    produce(lake, 1_500, seed=40)
    run_once(lake)
    produce(lake, 1_500, seed=401)
    wait_for_free_port(lake)
    set_clock_back(lake, BEHIND_SECONDS)
    began = time.monotonic()
    with pytest.raises(
        DevstackError, match=r"stream runs, and waits: the clock of this machine is"
    ):
        lake.stack().up(only=["stream"])
    assert "behind the last commit of" in as_table([status_of(lake.stream())])
    stopped = lake.stream().stop()
    assert (stopped.was_running, stopped.killed) == (True, ())
    wait_for_free_port(lake)
    set_clock_back(lake, time.monotonic() - began)  # as far behind as at first
    with pytest.raises(DevstackError, match="stream runs, and waits"):
        lake.stack().up(only=["stream"])
    prove(lake)
    assert "attempt 1" not in lake.stream().log_file.read_text()
    lake.stack().down(only=["stream"])
    chronicle.add(
        "F40", f"clock set back by {BEHIND_SECONDS} s", fired=True,
        stopped_in_seconds=round(stopped.seconds, 1),
        proven_after_seconds=round(time.monotonic() - began, 1), outcome="went on by itself",
    )  # fmt: skip
