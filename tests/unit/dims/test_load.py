"""Files of campaigns: what a row becomes, and the sentence for each row that is none."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adlake.dims.load import COLUMNS, LoadError, records_of
from adlake.dims.rules import Update, admit

NOW_MS = 1_795_694_400_000
START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def updates(path: Path) -> list[Update]:
    records = records_of(path, NOW_MS)
    assert all(
        key == (admit(value, at).update.campaign_id or "").encode() for key, value, at in records
    )
    return [admit(value, at_ms).update for _, value, at_ms in records]


def csv_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "campaigns.csv"
    path.write_text(text)
    return path


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "campaign_id,name,budget_amount,budget_type,status,start_ts\n"
        'c1,"Spring, 2026",1250.10,MONTHLY,PAUSED,2026-01-31T12:00:00Z\n',
    )
    parquet = tmp_path / "campaigns.parquet"
    row = {
        "campaign_id": "c1", "name": "Spring, 2026", "budget_amount": Decimal("1250.10"),
        "budget_type": "MONTHLY", "status": "PAUSED", "start_ts": START,
    }  # fmt: skip
    pq.write_table(pa.Table.from_pylist([row]), parquet)
    [update] = updates(path)
    assert updates(parquet) == [update]
    assert (update.budget_micros, update.ts_ms) == (1_250_100_000, round(START.timestamp() * 1_000))
    assert (update.name, update.status) == ("Spring, 2026", "PAUSED")


def test_an_empty_cell_says_nothing_and_a_row_without_moment_holds_from_now(tmp_path: Path) -> None:
    [update] = updates(csv_file(tmp_path, 'campaign_id,name,status\nc1,"",\n'))
    assert (update.name, update.status, update.ts_ms) == (None, None, NOW_MS)


def test_the_same_row_is_the_same_event(tmp_path: Path) -> None:
    text = "campaign_id,status,start_ts\nc1,PAUSED,2026-01-31\nc1,ACTIVE,2026-02-01\n"
    first, second = updates(csv_file(tmp_path, text)), updates(csv_file(tmp_path, text))
    assert first == second
    assert first[0].event_id != first[1].event_id


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (",x,,", "row 2: MISSING_KEY (MISSING_CAMPAIGN_ID)"),
        ("c,x,paused,", "row 2: BAD_VALUE (BAD_STATUS): status 'paused' is none of ('ACTIVE', "),
        (f"{'c' * 257},x,,", "row 2: BAD_ID (BAD_ID)"),
        ("c,x,,-1", "row 2: NEGATIVE_VALUE (NEG_VALUE)"),
        ("c,x,,1e12", "row 2: BAD_VALUE (OUT_OF_RANGE)"),
        ("c,x,,12 euro", "row 2: budget_amount '12 euro' is no number"),
        ("c,x,,NaN", "row 2: budget_amount 'NaN' is no number"),
    ],
)
def test_each_bad_row_is_named_and_nothing_is_sent(
    tmp_path: Path, cells: str, problem: str
) -> None:
    path = csv_file(tmp_path, f"campaign_id,name,status,budget_amount\nok,,,1\n{cells}\n")
    with pytest.raises(LoadError) as caught:
        records_of(path, NOW_MS)
    assert problem in str(caught.value)
    assert "1 of 2 rows of campaigns.csv are no lawful campaigns, so nothing was sent" in str(
        caught.value
    )


def test_moments_of_any_kind_and_bad_ones(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "campaign_id,start_ts\nc,2026-01-31T13:00:00+01:00\n")
    assert updates(path)[0].ts_ms == round(START.timestamp() * 1_000)
    with pytest.raises(LoadError, match="start_ts 'soon': an instant like"):
        records_of(csv_file(tmp_path, "campaign_id,start_ts\nc,soon\n"), NOW_MS)
    with pytest.raises(LoadError, match="TS_FUTURE"):
        records_of(csv_file(tmp_path, "campaign_id,start_ts\nc,2035-01-01\n"), NOW_MS)


def test_floats_are_no_money(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.Table.from_pylist([{"campaign_id": "c", "budget_amount": 0.1}]), path)
    with pytest.raises(LoadError, match="a decimal one is wanted"):
        records_of(path, NOW_MS)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("c.csv", "campaign,name\nc,x\n", "unknown columns campaign; there are: campaign_id"),
        ("c.csv", "name\nx\n", "no column campaign_id"),
        ("c.csv", "campaign_id,name\nc\n", "cannot be read"),
        ("c.csv", "", "cannot be read"),
        ("c.parquet", "no parquet", "cannot be read"),
        ("c.txt", "campaign_id\nc\n", r"ends in \.csv or \.parquet"),
    ],
)
def test_files_that_are_none_are_named(tmp_path: Path, name: str, text: str, problem: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(LoadError, match=problem):
        records_of(path, NOW_MS)
    with pytest.raises(LoadError, match="there is no file"):
        records_of(tmp_path / "other.csv", NOW_MS)


def test_many_bad_rows_are_counted_and_the_first_are_shown(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "campaign_id,status\n" + "c,x\n" * 30)
    with pytest.raises(LoadError, match=r"30 of 30 rows(.|\n)*row 20(.|\n)*and 10 more"):
        records_of(path, NOW_MS)
    assert set(COLUMNS) >= {"campaign_id", "start_ts"}
