"""Up to when the topics of the alert rules have been read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from adlake.alerts import until
from adlake.alerts.until import TopicsRead
from adlake.contracts import stamps
from adlake.contracts.tables import BRONZE_EVENTS, BUSINESS_EVENTS, FUNNEL_EVENTS, GOLD_WINDOWS
from adlake.io.iceberg.stamp import LastRecord, Stamp, last_records_text, offsets_text
from adlake.io.kafka.ends import CLOCK_MARGIN_MS, TopicEnds

NOW_MS = 1_800_000_000_000
LAST_MS = NOW_MS - 60_000


def stamp(next_offsets: Mapping[int, int], last_ms: int = LAST_MS) -> Stamp:
    records = {p: LastRecord(end - 1, last_ms, 0) for p, end in next_offsets.items() if end}
    return Stamp(1, {
        stamps.NEXT_OFFSETS: offsets_text(next_offsets),
        stamps.LAST_RECORDS: last_records_text(records),
    })  # fmt: skip


def asked(
    monkeypatch: pytest.MonkeyPatch,
    ends: Mapping[str, Mapping[int, int]],
    tables: Mapping[str, Stamp | None],
) -> int | None:
    class Table:
        def __init__(self, _session: object, name: str) -> None:
            self.name = name

        def newest_stamp(self) -> Stamp | None:
            return tables.get(self.name)

    class Ends:
        def now(self) -> Mapping[str, Mapping[int, int]]:
            return ends

    monkeypatch.setattr(until, "IcebergTable", Table)
    read = TopicsRead(lambda: cast("TopicEnds", Ends()), "ads", "business", lambda: NOW_MS)
    return read(cast("Any", None))


def tables(ads: Stamp, business: Stamp, windows: Stamp | None = None) -> dict[str, Stamp | None]:
    return {
        BRONZE_EVENTS: ads, GOLD_WINDOWS: windows or ads, BUSINESS_EVENTS: business,
        FUNNEL_EVENTS: business,
    }  # fmt: skip


def test_what_is_read_to_the_end_is_read_until_now(monkeypatch: pytest.MonkeyPatch) -> None:
    known = tables(stamp({0: 5, 1: 7}), stamp({0: 2}))
    ends = {"ads": {0: 5, 1: 7, 2: 0}, "business": {0: 2}}
    assert asked(monkeypatch, ends, known) == NOW_MS - CLOCK_MARGIN_MS


def test_a_partition_that_goes_on_holds_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of the same millisecond may follow."""
    known = tables(stamp({0: 5, 1: 7}), stamp({0: 2}))
    assert asked(monkeypatch, {"ads": {0: 5, 1: 8}, "business": {0: 2}}, known) == LAST_MS - 1
    assert asked(monkeypatch, {"ads": {0: 5, 1: 7}, "business": {0: 3}}, known) == LAST_MS - 1


@pytest.mark.parametrize(
    ("ads", "windows"),
    [
        (stamp({0: 5}), stamp({0: 4})),
        (stamp({}), None),
        (stamp({0: 7}), None),
    ],
    ids=["the sums lack a batch", "nothing of it is read", "the topic is another one"],
)
def test_what_is_not_known_judges_nothing(
    ads: Stamp, windows: Stamp | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = {"ads": {0: 6}, "business": {0: 2}}
    assert asked(monkeypatch, ends, tables(ads, stamp({0: 2}), windows)) is None


def test_a_lake_without_tables_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, {"ads": {0: 6}, "business": {0: 2}}, {}) is None
