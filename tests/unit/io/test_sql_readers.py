"""One parameter style in the SQL files; each reader gets its own form, and nothing is spliced."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pytest

from adlake.contracts.law import LAW_V1, MAX_EVENT_MS_EXCLUSIVE
from adlake.io.sql import duckdb as duckdb_form
from adlake.io.sql import grafana, metabase, postgres, spark, trino
from adlake.io.sql.files import SQL_ROOT, bind, sql_text
from adlake.io.sql.header import MetricParameter
from adlake.io.sql.law import law_parameters, lookbacks
from adlake.io.sql.literals import SqlValue, literal
from adlake.io.sql.template import SqlFileError, expanded, parameters
from adlake.metrics.query import load_metric, metric_names

TEXT = """-- :comment is none
SELECT ':literal', 'it''s :too', ":quoted", a::int, :one, /* :block
:more */ :two -- :tail
WHERE x = :one"""
HOSTILE = (
    "'; DROP TABLE t --",
    "\\' OR 1=1 --",
    "\\",
    "''",
    "a\nb",
    ":one",
    "$one",
    "%(one)s",
    "ü",
)


def test_a_parameter_is_never_in_a_literal_a_quoted_name_or_a_comment() -> None:
    assert parameters(TEXT) == {"one", "two"}


def test_each_engine_gets_its_own_placeholders_and_the_values_apart() -> None:
    values = {"one": 1, "two": "b", "unused": None}
    statement, bound = trino.rendered(TEXT, values)
    assert bound == [1, "b", 1]
    assert statement.count("?") == 3
    assert "':literal', 'it''s :too', \":quoted\", a::int, ?, /* :block" in statement
    statement, named = duckdb_form.rendered(TEXT, values)
    assert named == {"one": 1, "two": "b"}
    assert statement.endswith("WHERE x = $one")
    assert spark.rendered(TEXT, values) == (TEXT, {"one": 1, "two": "b"})
    assert postgres.rendered("SELECT :a WHERE b LIKE '%x'") == "SELECT %(a)s WHERE b LIKE '%%x'"


@pytest.mark.parametrize("render", [trino.rendered, spark.rendered, duckdb_form.rendered, bind])
def test_a_parameter_without_a_value_is_refused_by_name(render: Callable[..., object]) -> None:
    with pytest.raises(SqlFileError, match="no value for SQL parameter two"):
        render(TEXT, {"one": 1})


def test_every_engine_spells_the_type_of_times_its_own_way() -> None:
    text = "CAST(x AS :timestamp_utc)"
    assert trino.rendered(text, {}) == ("CAST(x AS TIMESTAMP(6) WITH TIME ZONE)", [])
    assert spark.rendered(text, {}) == ("CAST(x AS TIMESTAMP)", {})
    assert duckdb_form.rendered(text, {}) == ("CAST(x AS TIMESTAMPTZ)", {})


@pytest.mark.parametrize("value", [
    *HOSTILE, 5, -5, True, None, Decimal("-0.000001"), Decimal("1E+3"),
    datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=-5))),
])  # fmt: skip
def test_a_literal_is_read_as_the_value_it_was(value: SqlValue) -> None:
    with duckdb.connect() as connection:
        text = literal(value, "duckdb")
        if isinstance(value, datetime):
            text, value = f"epoch_us({text})", round(value.timestamp() * 1_000_000)
        assert connection.execute(f"SELECT {text}").fetchone() == (value,)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            assert connection.execute(f"SELECT -{text}").fetchone() == (-value,)


def test_a_backslash_ends_no_literal_of_spark() -> None:
    # What Spark makes of it is in tests/spark/io/test_sql_literals.py.
    assert literal("\\' OR 1=1 --", "spark") == r"'\\\' OR 1=1 --'"
    assert literal("\\' OR 1=1 --", "trino") == r"'\'' OR 1=1 --'"


@pytest.mark.parametrize("value", [1.5, datetime(2026, 1, 1), b"x"])
def test_a_value_without_an_exact_literal_is_refused(value: SqlValue) -> None:
    with pytest.raises(SqlFileError, match="no exact SQL literal"):
        literal(value, "trino")


def test_a_fragment_stands_where_its_name_stood() -> None:
    text = "-- include late: moment = t.seen\nSELECT ':late' WHERE :late AND :other"
    fragment = "-- late: what it is\n(:moment > :since)"
    assert parameters(expanded(text, lambda _: fragment)) == {"since", "other"}
    assert expanded(text, lambda _: fragment).endswith(
        "SELECT ':late' WHERE (t.seen > :since) AND :other"
    )
    with pytest.raises(SqlFileError, match="late is included and not used"):
        expanded("-- include late: moment = x\nSELECT 1", lambda _: fragment)
    with pytest.raises(SqlFileError, match="late has no argument column"):
        expanded("-- include late: column = x\nSELECT :late", lambda _: fragment)
    with pytest.raises(SqlFileError, match="no SQL file fragments/none"):
        expanded("-- include none\nSELECT :none", lambda name: sql_text(f"fragments/{name}"))


def test_the_time_range_is_open_where_nothing_is_given_and_ends_before_until() -> None:
    fragment = sql_text("fragments/time_range").replace(":moment", "moment")
    query = "SELECT list(n ORDER BY n) FROM (VALUES (1, CAST('2026-01-01 00:00:00+00' AS "
    query += "TIMESTAMPTZ)), (2, CAST('2026-01-02 00:00:00+00' AS TIMESTAMPTZ)), (3, NULL)) "
    query += f"AS times (n, moment) WHERE {fragment[fragment.index('(') :]}"
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    with duckdb.connect() as connection:

        def found(since: datetime | None, until: datetime | None) -> object:
            values = {"since": since, "until": until}
            return (connection.execute(*duckdb_form.rendered(query, values)).fetchone() or ())[0]

        assert found(None, None) == [1, 2]
        assert found(None, second) == found(first, second) == [1]
        assert found(second, None) == [2]


OTHER_RANGES = {
    "advertiser_spend.sql": "a bucket that a bound cuts is shown whole",
    "serving_flips.sql": "without a bound the log ends now: some decisions lie ahead",
}


def test_no_file_writes_the_range_of_a_time_itself() -> None:
    files = [*SQL_ROOT.glob("metrics/*.sql"), *SQL_ROOT.glob("views/**/*.sql")]
    repeated = [file.name for file in files if ":until" in file.read_text()]
    assert sorted(repeated) == sorted(OTHER_RANGES)


def test_no_file_has_another_style_of_parameters() -> None:
    comment_or_literal = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
    for file in SQL_ROOT.rglob("*.sql"):
        text = comment_or_literal.sub("", file.read_text())
        assert not re.search(r"\?|%s|%\(|\{\{|\$\{|\$\d", text), file


DECLARED = (
    MetricParameter("since", "timestamp", None, "from"),
    MetricParameter("minutes", "integer", "60", "so many"),
    MetricParameter("bucket", "hour|day", "hour", "length"),
    MetricParameter("campaign_id", "varchar", None, "one"),
)


def test_metabase_gets_variables_with_tags_and_optional_ones_that_may_vanish() -> None:
    text, tags = metabase.rendered(":since :minutes :bucket :campaign_id ':x'", DECLARED)
    assert text == (
        "coalesce([[{{since}}, ]]NULL, NULL) {{minutes}} {{bucket}} "
        "coalesce([[{{campaign_id}}, ]]NULL, NULL) ':x'"
    )
    assert tags["minutes"] == {
        "name": "minutes", "display-name": "Minutes", "type": "number", "default": "60",
        "required": True,
    }  # fmt: skip
    assert tags["since"]["type"] == "date"
    assert tags["campaign_id"] == {
        "name": "campaign_id", "display-name": "Campaign id", "type": "text",
    }  # fmt: skip
    with pytest.raises(SqlFileError, match="as its own"):
        metabase.rendered("SELECT ARRAY[[1]]", ())


def test_grafana_quotes_every_variable_and_takes_the_dashboards_range() -> None:
    text = grafana.rendered(":since :minutes :bucket :campaign_id ':x'", DECLARED)
    assert text == (
        "with_timezone($__timeFrom(), 'UTC') "
        "coalesce(CAST(nullif(${minutes:sqlstring}, '') AS BIGINT), 60) "
        "coalesce(CAST(nullif(${bucket:sqlstring}, '') AS VARCHAR), 'hour') "
        "CAST(nullif(${campaign_id:sqlstring}, '') AS VARCHAR) ':x'"
    )
    fixed = grafana.rendered(":minutes :campaign_id", DECLARED, {"minutes": 5, "campaign_id": None})
    assert fixed == "5 NULL"


@pytest.mark.parametrize("name", metric_names())
def test_every_metric_has_a_form_for_metabase_and_for_grafana(name: str) -> None:
    metric = load_metric(name)
    text, tags = metabase.rendered(metric.sql, metric.parameters)
    assert set(re.findall(r"\{\{(\w+)\}\}", text)) == set(tags)
    for reader in (text, grafana.rendered(metric.sql, metric.parameters)):
        assert not parameters(reader.replace(":sqlstring", ""))


def test_lookbacks_are_periods_without_a_gap() -> None:
    dated = replace(LAW_V1, attribution_window_ms=5, window_changes=((100, 7), (200, 3)))
    assert lookbacks(dated) == f"(0, 100, 5), (100, 200, 7), (200, {MAX_EVENT_MS_EXCLUSIVE}, 3)"
    text = bind(sql_text("views/lookbacks"), law_parameters(dated), "duckdb")
    rows = duckdb.sql(text).fetchall()
    for conversion_ms in (0, 99, 100, 199, 200, MAX_EVENT_MS_EXCLUSIVE - 1):
        [window] = [w for begin, end, w in rows if begin <= conversion_ms < end]
        assert window == dated.window_at(conversion_ms)
