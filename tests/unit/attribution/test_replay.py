"""The parts of the time machine that need no engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from adlake.attribution.replay.build import NothingToReplayError
from adlake.attribution.replay.command import UnpublishableError, _wanted_law, replay
from adlake.attribution.replay.order import MOST_LOOKBACK_DAYS, ReplayOrder, slots_of_days
from adlake.attribution.replay.publication import next_step
from adlake.cli import app
from adlake.contracts.errors import AdlakeError
from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.slot import SLOTS_PER_DAY, slot_of
from adlake.io.postgres.law_store import UnknownLawError, law_of_rows, read_law, recorded_law
from adlake.io.spark.room import MemoryLimit, NoRoomError
from adlake.io.sql.control import control_sql
from adlake.io.sql.law import window_of_conversion
from adlake.settings import REPO_ROOT

W, L, F = LAW_V1.attribution_window_ms, LAW_V1.late_tolerance_ms, LAW_V1.future_tolerance_ms
DATED = dataclasses.replace(LAW_V1, window_changes=((1_000, 5), (2_000, 9)))


@pytest.mark.parametrize(
    ("begin", "end", "rows"),
    [({0: 3}, {0: 3}, 10), ({}, {0: 25, 1: 4}, 10), ({0: 5, 1: 0}, {0: 9, 1: 7, 2: 100}, 7)],
)
def test_steps_reach_the_end_without_gap_or_repeat(
    begin: dict[int, int], end: dict[int, int], rows: int
) -> None:
    at, steps = {p: begin.get(p, 0) for p in end}, 0
    while at != end or steps == 0:
        following = next_step(at, end, rows)
        assert all(at[p] <= following[p] <= end[p] for p in end)
        assert sum(following.values()) - sum(at.values()) <= max(rows, len(end))
        assert following != at or at == end, "no progress"
        at, steps = following, steps + 1
    assert steps >= (sum(end.values()) - sum(begin.values())) / max(rows, len(end))


def test_days_are_whole_partitions_of_gold() -> None:
    slots = slots_of_days(date(2026, 3, 2), date(2026, 3, 3))
    assert slots is not None
    first, end = slots
    assert first % SLOTS_PER_DAY == end % SLOTS_PER_DAY == 0
    assert first == slot_of("imp-20260302-0000000-a")
    assert end == slot_of("imp-20260304-0000000-a")
    assert slots_of_days(None, None) is None
    assert slots_of_days(None, date(2026, 3, 2)) == (0, first + SLOTS_PER_DAY)
    open_end = slots_of_days(date(2026, 3, 2), None)
    assert open_end is not None
    assert open_end[1] > slot_of("imp-21001231-5265bff-a")
    with pytest.raises(AdlakeError, match="after"):
        slots_of_days(date(2026, 3, 3), date(2026, 3, 2))


@pytest.mark.parametrize(
    ("conversion_ms", "window_ms"), [(0, W), (999, W), (1_000, 5), (1_999, 5), (2_000, 9)]
)
def test_the_row_valid_at_the_conversion_counts(conversion_ms: int, window_ms: int) -> None:
    assert DATED.window_at(conversion_ms) == window_ms
    query = f"SELECT {window_of_conversion(DATED)} FROM (SELECT {conversion_ms} AS ts_ms)"
    assert duckdb.sql(query).fetchall() == [(window_ms,)]
    assert DATED.longest_window_ms == W
    assert window_of_conversion(LAW_V1) == str(W)


def test_a_law_is_read_from_its_dated_rows() -> None:
    assert law_of_rows(1, [(0, W, L, F)]) == LAW_V1
    assert law_of_rows(1, [(0, W, L, F), (1_000, 5, L, F), (2_000, 9, L, F)]) == DATED
    assert "9 d" in law_of_rows(3, [(0, 9 * 86_400_000, L, F)]).in_words
    with pytest.raises(UnknownLawError, match="before"):
        law_of_rows(2, [(5, W, L, F)])
    with pytest.raises(UnknownLawError, match="only the lookback"):
        law_of_rows(2, [(0, W, L, F), (5, W, L + 1, F)])


def test_the_first_recorded_law_is_that_of_the_code() -> None:
    text = (REPO_ROOT / "sql" / "migrations" / "0006_replay.sql").read_text()
    assert f"VALUES (1, 0, {W}, {L}, {F}," in text


LAW_COLUMNS = (
    "law_version", "valid_from_ms", "attribution_window_ms", "late_tolerance_ms",
    "future_tolerance_ms",
)  # fmt: skip


class RecordedRows:
    """Stands for the catalog database: it knows the statements of the law store by their files."""

    def __init__(self, rows: list[tuple[int, ...]]) -> None:
        self.rows = rows
        self._found: list[tuple[int, ...]] = []

    @contextmanager
    def connect(self) -> Iterator[RecordedRows]:
        yield self

    def execute(self, sql: bytes, values: Mapping[str, Any] | None = None) -> RecordedRows:
        given = values or {}
        if sql == control_sql("law_versions/insert"):
            self.rows.append(tuple(given[name] for name in LAW_COLUMNS))
        elif sql == control_sql("law_versions/list"):
            self._found = sorted({(row[0],) for row in self.rows})
        elif sql == control_sql("law_versions/read"):
            version = given["law_version"]
            self._found = sorted(row[1:] for row in self.rows if row[0] == version)
        else:
            assert sql == control_sql("law_versions/lock")
        return self

    def fetchall(self) -> list[tuple[int, ...]]:
        return self._found


def test_the_same_what_if_is_recorded_once() -> None:
    database = RecordedRows([(1, 0, W, L, F)])
    connect: Any = database.connect

    def recorded(law: LawConstants) -> LawConstants:
        return recorded_law(connect, law, "what if")

    longer = dataclasses.replace(LAW_V1, attribution_window_ms=2 * W)
    assert recorded(LAW_V1) == LAW_V1
    assert recorded(longer).law_version == 2
    assert recorded(DATED).law_version == 3
    assert recorded(longer).law_version == 2
    assert recorded(DATED) == dataclasses.replace(DATED, law_version=3)
    assert len(database.rows) == 1 + 1 + 3


def test_a_recorded_version_that_makes_no_law_blocks_no_other() -> None:
    database = RecordedRows([(1, 0, W, L, F), (2, 5, W, L, F), (3, 0, 2 * W, L, F)])
    connect: Any = database.connect
    longer = dataclasses.replace(LAW_V1, attribution_window_ms=2 * W)
    assert recorded_law(connect, longer, "what if").law_version == 3
    longest = dataclasses.replace(LAW_V1, attribution_window_ms=3 * W)
    assert recorded_law(connect, longest, "what if").law_version == 4
    with pytest.raises(UnknownLawError, match="version 2 says nothing before"):
        read_law(connect, 2)


def wanted(order: ReplayOrder, rows: list[tuple[int, ...]]) -> LawConstants:
    """The law of an order while version 1 is in force."""
    config: Any = SimpleNamespace(
        reader=SimpleNamespace(newest_stamp=lambda _table: SimpleNamespace(properties={})),
        lease_connect=RecordedRows(rows).connect,
    )
    law, is_same = _wanted_law(config, order)
    assert is_same is (dataclasses.replace(law, law_version=1) == LAW_V1)
    return law


def test_it_does_not_begin_where_a_second_driver_has_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel would end the largest process of the container: the stream's driver."""
    tight = MemoryLimit(most=2_784, used=1_900)
    monkeypatch.setattr("adlake.attribution.replay.command.memory_limit", lambda: tight)
    config: Any = SimpleNamespace(resources=SimpleNamespace(driver_memory="1280m"))
    with pytest.raises(NoRoomError, match=r"docker-compose run --rm --no-deps lakehouse-spark"):
        replay(config, ReplayOrder(), lambda _: None)


def test_without_a_batch_in_gold_it_says_what_to_do() -> None:
    config: Any = SimpleNamespace(reader=SimpleNamespace(newest_stamp=lambda _table: None))
    with pytest.raises(NothingToReplayError, match="make up"):
        _wanted_law(config, ReplayOrder())


def test_some_days_under_another_law_are_refused_before_anything_is_built() -> None:
    rows: list[tuple[int, ...]] = [(1, 0, W, L, F), (2, 0, 2 * W, L, F)]
    days = (0, SLOTS_PER_DAY)
    for order in (
        ReplayOrder(slots=days, lookback_ms=3 * W, to_publish=True),
        ReplayOrder(slots=days, law_version=2, to_publish=True),
        ReplayOrder(slots=days, law_version=2, lookback_ms=3 * W, to_publish=True),
    ):
        with pytest.raises(UnpublishableError, match="--from"):
            wanted(order, rows)
        assert len(rows) == 2, "a refused order records no law"
        assert wanted(dataclasses.replace(order, to_publish=False), [*rows])
        assert wanted(dataclasses.replace(order, slots=None), [*rows])
    assert wanted(ReplayOrder(slots=days, to_publish=True), rows) == LAW_V1
    for version in (None, 2):
        order = ReplayOrder(slots=days, law_version=version, lookback_ms=W, to_publish=True)
        assert wanted(order, rows) == LAW_V1


@pytest.mark.parametrize("lookback", ["10001d", "99999999999999d", "9" * 400 + "d"])
def test_a_lookback_that_no_law_can_hold_is_refused(
    lookback: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adlake.wiring.replay.replay_config", lambda _settings: None)
    refused = CliRunner().invoke(app, ["replay", "--lookback", lookback])
    assert isinstance(refused.exception, AdlakeError)
    assert "give a shorter one" in str(refused.exception)
    assert ReplayOrder(lookback_ms=MOST_LOOKBACK_DAYS * 86_400_000).lookback_ms


@pytest.mark.parametrize(("arguments", "expected"), [([], False), (["--publish"], True)])
def test_the_command_says_whether_it_will_publish(
    arguments: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[ReplayOrder] = []

    def replay(_config: object, order: ReplayOrder, *_: object) -> None:
        orders.append(order)
        raise UnpublishableError("enough")

    monkeypatch.setattr("adlake.wiring.replay.replay_config", lambda _settings: None)
    monkeypatch.setattr("adlake.attribution.replay.command.replay", replay)
    CliRunner().invoke(app, ["replay", "--lookback", "14d", *arguments])
    assert [order.to_publish for order in orders] == [expected]


@pytest.mark.parametrize(
    "arguments", [["--undo", "--publish"], ["--undo", "--lookback", "14d"], ["--from", "yesterday"]]
)
def test_orders_that_contradict_are_refused(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adlake.wiring.replay.replay_config", lambda _settings: None)
    refused = CliRunner().invoke(app, ["replay", *arguments])
    assert refused.exit_code == 2, refused.output
