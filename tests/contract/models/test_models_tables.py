"""The tables of the models: built by Spark, proven by Trino's form; every planted bug is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyspark.sql import DataFrame, SparkSession

from adlake.contracts.law import LAW_V1, LawConstants
from adlake.contracts.tables import ATTRIBUTION_CREDITS, CATALOG, GOLD_STATE, REMOVAL_EFFECTS
from adlake.folders import ADLAKE
from adlake.io import failpoints
from adlake.io.failpoints import FailpointError
from adlake.io.iceberg.ddl import provision_tables
from adlake.io.iceberg.table import IcebergTable
from adlake.io.iceberg.views import provision_views
from adlake.io.postgres.operations import BUILD_MODELS, Operation
from adlake.io.trino.client import TrinoClient, connect
from adlake.models import handler
from adlake.models import spark as spark_form
from adlake.models.contract import Model
from adlake.models.handler import HALF_LIFE_ARGUMENT, ModelsHandler, NothingToCreditError
from adlake.models.rules import credits_of
from adlake.proof.derived import DerivedFacts, verify_derived
from adlake.settings import Settings
from tests.fixtures.made_tables import MadeTables
from tests.fixtures.models.gold_rows import read, stories
from tests.fixtures.tiers import in_tiers
from tests.fixtures.trino.oracle_lake import OracleLake, lake_of, publish

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

SHOWN = 5
CREDITS, EFFECTS = f"{CATALOG}.{ATTRIBUTION_CREDITS}", f"{CATALOG}.{REMOVAL_EFFECTS}"
TABLES = (REMOVAL_EFFECTS, ATTRIBUTION_CREDITS)
Build = Callable[..., str]


@pytest.fixture(scope="module")
def seeded() -> OracleLake:
    return lake_of(stories(seed=8, users=150))


@pytest.fixture(scope="module")
def lake(
    catalog: SqlCatalog, spark: SparkSession, seeded: OracleLake, made_tables: MadeTables
) -> SparkSession:
    publish(catalog, seeded)
    made_tables.provision(spark)
    return spark


@pytest.fixture(scope="module")
def trino(private_lake: Settings) -> Iterator[TrinoClient]:
    with connect(private_lake.ports.trino_port) as client:
        yield client


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("", Path(), None)


def built(
    session: SparkSession,
    number: int,
    *,
    law: LawConstants = LAW_V1,
    rows_per_slice: int = 1_000_000,
    pause: Callable[[], None] = lambda: None,
    **arguments: int,
) -> str:
    operation = Operation(number, BUILD_MODELS, arguments, "requested", "")
    return ModelsHandler(lambda _version: law, rows_per_slice).carry_out(session, operation, pause)


def proven(trino: TrinoClient, table: str) -> DerivedFacts:
    found = verify_derived(trino, table, SHOWN)
    assert found is not None
    return found


def problems(trino: TrinoClient) -> list[str]:
    """What `adlake verify` says of both tables."""
    return [failure.problem for name in TABLES for failure in proven(trino, name).failures]


def restored(session: SparkSession, heads: dict[str, int]) -> None:
    for name, head in heads.items():
        session.sql(f"CALL {CATALOG}.system.rollback_to_snapshot('{name}', {head})")


@pytest.fixture(scope="module")
def heads(lake: SparkSession, trino: TrinoClient) -> dict[str, int]:
    """The tables of a sound build, in one slice."""
    assert verify_derived(trino, ATTRIBUTION_CREDITS, SHOWN) is None  # nothing was built
    built(lake, 1)
    found = {name: IcebergTable(lake, name).current_snapshot_id() for name in TABLES}
    return {name: head for name, head in found.items() if head is not None}


def test_what_spark_built_is_what_trino_computes(
    heads: dict[str, int], trino: TrinoClient, seeded: OracleLake
) -> None:
    assert problems(trino) == []
    facts = proven(trino, ATTRIBUTION_CREDITS)
    plain = credits_of(*read(seeded.gold))
    assert facts.rows == len(plain) / len(Model) > 100
    assert facts.lines()[0].endswith("as the rows of gold.ad_performance_state give them")
    assert proven(trino, REMOVAL_EFFECTS).rows == len({one.campaign_id for one in plain}) == 5


SPOILT = {
    "one micro of a credit is lost": (
        "UPDATE {credits} SET markov_micros = markov_micros - 1 WHERE {one} AND markov_micros > 0",
        2,
    ),
    "a micro moves from one touch to the next": (
        "UPDATE {credits} SET linear_micros = linear_micros + IF(place = 1, 1, -1) "
        "WHERE conversion_id = '{conversion}' AND place <= 2",
        1,
    ),
    "a touch is taken out of its path": ("DELETE FROM {credits} WHERE {one}", 2),
    "a touch is there twice": ("INSERT INTO {credits} SELECT * FROM {credits} WHERE {one}", 2),
    "a touch after the conversion is credited": (
        "UPDATE {credits} SET touched_at = converted_at + INTERVAL 1 SECOND WHERE {one}", 1,
    ),
    "a campaign has another removal effect": (
        "UPDATE {effects} SET lost = lost + 0.000000000001 WHERE campaign_id = 'c1'", 1,
    ),
    "a campaign is forgotten": ("DELETE FROM {effects} WHERE campaign_id IS NULL", 1),
}  # fmt: skip


QUICK = (
    "one micro of a credit is lost", "a campaign has another removal effect",
)  # fmt: skip


@pytest.mark.parametrize("story", in_tiers(SPOILT, QUICK))
def test_a_planted_difference_is_seen(
    story: str, lake: SparkSession, heads: dict[str, int], trino: TrinoClient
) -> None:
    statement, failures = SPOILT[story]
    row: Any = lake.sql(
        f"SELECT conversion_id, impression_id FROM {CREDITS} WHERE places > 2 AND place = 1 "
        "AND markov_micros > 1 AND value_micros BETWEEN 1000 AND 1000000000 "
        "ORDER BY conversion_id LIMIT 1"
    ).first()
    one = f"conversion_id = '{row.conversion_id}' AND impression_id = '{row.impression_id}'"
    names = {"credits": CREDITS, "effects": EFFECTS, "one": one, "conversion": row.conversion_id}
    try:
        lake.sql(statement.format(**names))
        assert len(problems(trino)) == failures
    finally:
        restored(lake, heads)


def no_steps(gold: DataFrame, converting: DataFrame, law: LawConstants) -> DataFrame:
    return spark_form.steps_of_nothing(gold, converting, law).where("FALSE")


@pytest.mark.chaos
def test_a_build_that_forgets_paths_to_nothing_is_seen(
    lake: SparkSession, heads: dict[str, int], trino: TrinoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "steps_of_nothing", no_steps)
    try:
        built(lake, 2)
        assert "removal effects are not what the paths in Gold give" in problems(trino)[0]
        assert proven(trino, ATTRIBUTION_CREDITS).failures
    finally:
        restored(lake, heads)


@pytest.mark.chaos
def test_a_build_in_slices_takes_the_place_of_the_one_before(
    lake: SparkSession, heads: dict[str, int], trino: TrinoClient
) -> None:
    before, pauses = lake.table(CREDITS).count(), []
    try:
        told = built(
            lake, 3, rows_per_slice=250, pause=lambda: pauses.append(1),
            **{HALF_LIFE_ARGUMENT: 3_600_000},
        )  # fmt: skip
        assert len(pauses) > 3
        assert f"7 models credit {before:,} touches" in told
        assert problems(trino) == []
        assert lake.table(CREDITS).count() == before
        known = (
            f"SELECT time_decay_micros FROM {CREDITS} VERSION AS OF {heads[ATTRIBUTION_CREDITS]}"
        )
        assert lake.sql(known).exceptAll(lake.table(CREDITS).select("time_decay_micros")).count()
        assert built(lake, 3) == "done by a driver that was stopped right after it"
    finally:
        restored(lake, heads)


@pytest.mark.chaos
def test_a_build_that_is_cut_is_done_again_and_readers_never_see_a_part(
    lake: SparkSession, heads: dict[str, int], tmp_path: Path
) -> None:
    for place in ("models.before_publish", "models.between_tables"):
        failpoints.arm(f"{place}=raise", tmp_path, None)
        with pytest.raises(FailpointError):
            built(lake, 4)
        assert (
            IcebergTable(lake, ATTRIBUTION_CREDITS).current_snapshot_id()
            == (heads[ATTRIBUTION_CREDITS])
        )
    assert not ModelsHandler(lambda _: LAW_V1).is_applied(
        lake, Operation(4, BUILD_MODELS, {}, "requested", "")
    )
    built(lake, 4)
    assert (
        IcebergTable(lake, ATTRIBUTION_CREDITS).current_snapshot_id()
        != (heads[ATTRIBUTION_CREDITS])
    )
    restored(lake, heads)


def test_the_view_sums_to_the_revenue_of_gold_in_both_engines(
    lake: SparkSession, heads: dict[str, int], trino: TrinoClient
) -> None:
    provision_views(lake, ("gold.credit_by_model",))
    asked = "SELECT model, campaign_id, conversion_date, credit FROM gold.credit_by_model"
    in_trino = sorted(map(str, trino.rows(asked)))
    in_spark = lake.sql(asked.replace("FROM ", f"FROM {CATALOG}.")).collect()
    assert in_trino == sorted(str(tuple(row)) for row in in_spark)
    [[revenue]] = trino.rows("SELECT sum(revenue) FROM gold.ad_performance_state")
    sums = trino.rows("SELECT model, sum(credit) FROM gold.credit_by_model GROUP BY model")
    assert dict(sums) == dict.fromkeys(map(str, Model), revenue)


@pytest.mark.chaos
def test_an_expired_source_is_said_and_the_sums_are_still_proven(
    catalog: SqlCatalog, lake: SparkSession, heads: dict[str, int], trino: TrinoClient,
    seeded: OracleLake,
) -> None:  # fmt: skip
    """Gold made anew knows none of the snapshots of before."""
    publish(catalog, seeded)
    for name in TABLES:
        facts = proven(trino, name)
        assert facts.failures == []
        assert f"not compared: {GOLD_STATE} snapshot" in facts.lines()[0]
        assert f"has expired (`{ADLAKE} models build` makes them anew)" in facts.lines()[0]
    lake.sql(f"UPDATE {CREDITS} SET shapley_micros = shapley_micros + 1 WHERE place = 1")
    [problem] = problems(trino)
    assert "do not sum to its value" in problem
    built(lake, 9)
    assert problems(trino) == []


def test_nothing_is_credited_of_an_empty_gold(
    catalog: SqlCatalog, lake: SparkSession, heads: dict[str, int]
) -> None:
    catalog.drop_table(GOLD_STATE)
    provision_tables(lake)
    with pytest.raises(NothingToCreditError, match="Gold holds nothing yet"):
        built(lake, 10)
