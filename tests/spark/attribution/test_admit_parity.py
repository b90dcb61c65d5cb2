"""Spark admission equals plain Python admission, and no payload stops it."""

from __future__ import annotations

import time

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from adlake.attribution.spark.admit import ADMITTED_COLUMNS, admit
from adlake.contracts.law import MAX_PAYLOAD_BYTES
from tests.fixtures.admit_parity import differences, records
from tests.fixtures.corpus import CASES, INGEST_MS
from tests.fixtures.corpus.case import event
from tests.fixtures.corpus.mutations import payloads

pytestmark = pytest.mark.spark

CORPUS = [(case.payload, case.ingest_ms) for case in CASES]
SLOW_SECONDS = 30.0


def test_corpus_has_its_outcomes_in_spark(spark: SparkSession) -> None:
    rows = admit(records(spark, CORPUS)).drop("ingest_ts").orderBy("kafka_offset").collect()
    found = {case.id: row.reject_detail for case, row in zip(CASES, rows, strict=True)}
    assert found == {case.id: case.detail for case in CASES}


def test_corpus_is_equal_in_every_column(spark: SparkSession) -> None:
    assert differences(spark, CORPUS) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_mutated_payloads_are_equal_in_every_column(spark: SparkSession, seed: int) -> None:
    assert differences(spark, payloads(seed, 2_000)) == []


def test_columns_are_the_contract(spark: SparkSession) -> None:
    judged = admit(records(spark, [(event(), INGEST_MS)]))
    assert tuple(judged.columns) == ADMITTED_COLUMNS
    types = dict(judged.dtypes)
    assert (types["ts_ms"], types["micros"], types["type_rank"]) == ("bigint", "bigint", "int")


def _filled(unit: bytes, before: bytes, behind: bytes) -> bytes:
    room = MAX_PAYLOAD_BYTES - len(before) - len(behind)
    return before + unit * (room // len(unit)) + behind


MEMBERS = event()[1:]
HOSTILE = {
    "digits": _filled(b"1", b'{"bid_price":', b"}"),
    "exponent digits": _filled(b"9", b'{"x":1e', b"," + MEMBERS),
    "escapes": _filled(b"\\n", b'{"x":"', b'",' + MEMBERS),
    "surrogates": _filled(b"\\ud800", b'{"event_id":"', b'"}'),
    "brackets": _filled(b"[", b'{"x":', b""),
    "objects": _filled(b'{"a":', b"", b""),
    "quotes": _filled(b'"', b"{", b""),
    "backslashes": _filled(b"\\", b'{"', b""),
    "numbers": _filled(b"1e999999999,", b'{"x":[', b"1]," + MEMBERS),
    "objects of many types": b'{"event_id":['
    + b",".join(b'{"a%x":1}' % number for number in range(60_000))
    + b"]}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_megabyte_is_judged_in_time(spark: SparkSession, name: str) -> None:
    started = time.monotonic()
    assert differences(spark, [(HOSTILE[name], INGEST_MS)]) == []
    assert time.monotonic() - started < SLOW_SECONDS


def _default_parser(frame: DataFrame) -> DataFrame:
    """The planted bug: the parser's own idea of JSON, money through a double."""
    read = F.from_json(F.col("raw_payload"), "struct<event_id:string,bid_price:double>")
    return (
        admit(frame)
        .withColumn("reject_reason", F.when(read["event_id"].isNull(), F.col("reject_reason")))
        .withColumn("micros", (read["bid_price"] * 1_000_000).try_cast("bigint"))
    )


def test_default_parser_is_caught(spark: SparkSession) -> None:
    plain = [d for d in CORPUS if d[0] is not None and b"e40" not in d[0] and b"e10" not in d[0]]
    small = [d for d in plain if d[0] is not None and len(d[0]) < 1_000]
    assert len(differences(spark, small, _default_parser)) > 20
