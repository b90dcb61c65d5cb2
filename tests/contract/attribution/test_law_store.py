"""Dated laws and requests in the real catalog database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from adlake.contracts.law import LAW_V1
from adlake.io.postgres import operations
from adlake.io.postgres.law_store import UnknownLawError, read_law, recorded_law
from adlake.provision.catalog import owner_database
from adlake.settings import Settings
from adlake.wiring.lake import lease_connect

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

Connect = Callable[[], psycopg.Connection]


@pytest.fixture
def connect(private_lake: Settings) -> Connect:
    return lease_connect(private_lake)


def test_laws_are_recorded_once_and_never_change(connect: Connect, private_lake: Settings) -> None:
    assert read_law(connect, 1) == LAW_V1
    dated = replace(LAW_V1, window_changes=((1_772_445_600_000, 14 * 86_400_000),))
    second = recorded_law(connect, dated, "a longer lookback from March on")
    assert second == replace(dated, law_version=second.law_version)
    assert second.law_version > 1
    assert recorded_law(connect, dated, "again") == second == read_law(connect, second.law_version)
    with pytest.raises(UnknownLawError, match="not recorded"):
        read_law(connect, 999)
    later_row = (
        "INSERT INTO adlake.law_versions SELECT 1, 5, 6, 7, 8, '2000-01-01', 'a row too late'"
    )
    for change in (
        later_row,
        "UPDATE adlake.law_versions SET note = ''",
        "DELETE FROM adlake.law_versions",
    ):
        with (
            owner_database(private_lake).connect() as one,
            pytest.raises(psycopg.errors.RaiseException, match="never changes"),
        ):
            one.execute(change.encode())
    assert read_law(connect, 1) == LAW_V1


def test_a_scheduled_request_is_left_once_and_again_when_its_time_is_over(
    connect: Connect,
) -> None:
    kind = operations.BUILD_MODELS
    first = operations.request_if_due(connect, kind, 3_600)
    assert first is not None, "never done: due at once"
    assert operations.request_if_due(connect, kind, 0) is None, "one is open"
    assert operations.read(connect, first).arguments == {}
    operations.finish(connect, first, "failed", "no Gold yet")
    assert operations.request_if_due(connect, kind, 3_600) is None, "over within the hour"
    other = operations.request_if_due(connect, operations.BUILD_ROLLUPS, 3_600)
    assert other is not None, "each kind has its own time"
    operations.finish(connect, other, "done", "")
    with connect() as connection:
        connection.execute(
            "UPDATE adlake.operations SET finished_at = finished_at - interval '61 minutes'"
        )
    second = operations.request_if_due(connect, kind, 3_600)
    assert second is not None
    operations.finish(connect, second, "done", "built")
    assert operations.next_open(connect) is None


def test_requests_are_done_in_order_and_end_once(connect: Connect) -> None:
    first = operations.request(connect, operations.PUBLISH_REPLAY, {"shadow_snapshot": 2**62})
    second = operations.request(connect, operations.UNDO_REPLAY, {})
    found = operations.next_open(connect)
    assert found is not None
    assert (found.operation_id, found.kind) == (first, operations.PUBLISH_REPLAY)
    assert found.arguments == {"shadow_snapshot": 2**62}
    operations.finish(connect, first, "done", "published")
    operations.finish(connect, first, "failed", "too late")
    assert operations.read(connect, first).state == "done"
    assert operations.read(connect, first).result == "published"
    found = operations.next_open(connect)
    assert found is not None
    assert found.operation_id == second
    operations.finish(connect, second, "failed", "no publication")
    assert operations.next_open(connect) is None
