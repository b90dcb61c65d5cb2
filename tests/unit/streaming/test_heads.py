"""A table that is gone, another one or emptier than recorded is a named stop with a way on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adlake.contracts.tables import BRONZE_EVENTS, GOLD_STATE
from adlake.folders import ADLAKE
from adlake.io.postgres.table_heads import RecordedHead, TableHead
from adlake.streaming import heads

KNOWN = TableHead("u1", last_sequence=10, head_sequence=10, rows=500)
BOTH = pytest.mark.parametrize("name", [BRONZE_EVENTS, GOLD_STATE])


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> dict[str, RecordedHead]:
    known = {name: RecordedHead(KNOWN, "ads", '{"0":500}') for name in heads.RECORDED_TABLES}
    monkeypatch.setattr(heads, "recorded_heads", lambda _connect: known)
    return known


@BOTH
@pytest.mark.parametrize(
    ("present", "said"),
    [
        (None, "is gone; 500 rows up to sequence number 10 were recorded"),
        (replace(KNOWN, table_uuid="u2", rows=0), "is another table than the one recorded"),
        (replace(KNOWN, last_sequence=7, head_sequence=7, rows=300), "is older than recorded"),
        (replace(KNOWN, last_sequence=11, head_sequence=11, rows=0), "holds only 0 rows"),
    ],
)
def test_a_lost_table_is_named(name: str, present: TableHead | None, said: str) -> None:
    found = heads.finding(name, KNOWN, present)
    assert found.startswith(name)
    assert said in found


def test_a_bronze_that_lost_some_rows_is_named_and_a_compacted_gold_is_not() -> None:
    fewer = replace(KNOWN, last_sequence=11, head_sequence=11, rows=499)
    assert "holds only 499 rows" in heads.finding(BRONZE_EVENTS, KNOWN, fewer)
    assert heads.finding(GOLD_STATE, KNOWN, fewer) == ""


@BOTH
@pytest.mark.parametrize(
    "present",
    [
        KNOWN,
        replace(KNOWN, last_sequence=12, head_sequence=12, rows=600),
        replace(KNOWN, last_sequence=10, head_sequence=6, rows=200),  # rolled back by an operator
    ],
)
def test_what_moves_a_head_on_purpose_is_no_loss(name: str, present: TableHead) -> None:
    assert heads.finding(name, KNOWN, present) == ""


@pytest.mark.usefixtures("recorded")
def test_the_stop_names_the_way_on_that_helps() -> None:
    def stop(**present: TableHead | None) -> str:
        now: dict[str, TableHead | None] = dict.fromkeys(heads.RECORDED_TABLES, KNOWN)
        now |= {name.replace("__", "."): head for name, head in present.items()}
        with pytest.raises(heads.TableLostError) as caught:
            heads.refuse_lost_tables(lambda: None, now.get)  # type: ignore[arg-type, return-value]
        return str(caught.value)

    heads.refuse_lost_tables(lambda: None, lambda _name: KNOWN)  # type: ignore[arg-type, return-value]
    assert f"what Kafka still has: `{ADLAKE} lake accept bronze.ad_events" in stop(
        bronze__ad_events=None
    )
    assert f"again from Bronze: `{ADLAKE} lake accept" in stop(gold__ad_performance_state=None)
    emptied = replace(KNOWN, last_sequence=11, head_sequence=11, rows=0)
    assert f"by `{ADLAKE} replay --publish`, then" in stop(gold__ad_performance_state=emptied)


@pytest.mark.usefixtures("recorded")
def test_accepting_is_refused_while_nothing_is_lost_and_kept_on_record_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[tuple[str, str]] = []
    monkeypatch.setattr(
        heads, "accept_loss", lambda _c, name, _head, why: kept.append((name, why["reason"]))
    )
    with pytest.raises(heads.NothingToAcceptError, match="nothing is lost of"):
        heads.accept(lambda: None, lambda _name: KNOWN, BRONZE_EVENTS, "x")  # type: ignore[arg-type, return-value]
    with pytest.raises(heads.NothingToAcceptError):
        heads.accept(lambda: None, lambda _name: None, "dims.dim_users", "x")  # type: ignore[arg-type, return-value]
    found = heads.accept(lambda: None, lambda _name: None, BRONZE_EVENTS, "disk died")  # type: ignore[arg-type, return-value]
    assert "is gone" in found
    assert kept == [(BRONZE_EVENTS, "disk died")]
