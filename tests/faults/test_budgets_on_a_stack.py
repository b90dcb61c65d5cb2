"""F44: kill -9 of a driver between two budget tables: the next one brings all six to the records.

On the same stack, what else only a whole one shows of budgets: an advertiser that runs over is
stopped and goes on, by lake, API and topic; credits for clicks that no person made reach a broker;
the generator's truth of accounts is compared once the tables have read all that it sent.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adlake.budgets.keeping import KEPT
from adlake.contracts.tables import BUSINESS_EVENTS, CUSTOMER_360, SPEND_LEDGER
from adlake.generator.overspend import OVERSPENDER
from adlake.io.kafka.newest_records import newest_records
from adlake.io.trino.client import direct_session
from adlake.provision.outside import kafka_access
from adlake.published.contract import FLIPS
from adlake.wiring.lake import lake_reader
from tests.fixtures.budgets.rows import expected_rows
from tests.fixtures.budgets.told import told
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.lake import (
    VICTIMS,
    client_of,
    drilled_lake,
    prove,
    run_into,
    wait_for_free_port,
)
from tests.fixtures.drill.published import MOST_RECORDS, rows_of, taken
from tests.fixtures.lake import Lake
from tests.fixtures.patience import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_200)]

PLACE = "budgets.between_tables"
SOON_SECONDS = 400.0
"""Steps of a slow machine are far apart: they take a fifth of its time."""
EVENTS = 8_000
FEWER_EVENTS = 2_000
OVERSPEND = ("--scenario", "overspend", "--scenario-after", "1h", "--scenario-for", "2h")
DAYS_AGO = 2
"""So that all that is sent, and the midnight behind it, is over."""
ALL_EQUAL = "every sum is equal"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The scenario is on the topics, and nobody has read them."""
    home = tmp_path_factory.mktemp("budgets") / "home"
    with drilled_lake(
        home, BUDGETS="true", PUBLISH_EVERY_SECONDS="1", MAX_OFFSETS_PER_TRIGGER="50000",
    ) as one:  # fmt: skip
        play(one, EVENTS, 440, hours=6, end_hour=12, more=OVERSPEND)
        yield one


def play(
    lake: Lake, events: int, seed: int, *, hours: int, end_hour: int, more: tuple[str, ...] = ()
) -> None:
    """Traffic of some hours that ends at a full hour, with every fault; each run behind the last.

    Decisions go by the times of the records: a run that began before the last one ended would
    change what had been decided.
    """
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = day - timedelta(days=DAYS_AGO) + timedelta(hours=end_hour)
    lake.adlake(
        "generate", "--unpaced", "--business", "--faults", "all", "--seed", str(seed),
        "--start-at", end.isoformat(), "--history", f"{hours}h", "--events", str(events),
        "--history-events", str(events), *more,
    )  # fmt: skip


def read_until(lake: Lake) -> dict[str, Mapping[int, int] | None]:
    """By table up to where the records are in it; None: nothing is."""
    reader = lake_reader(lake.settings())
    stamps = {name: reader.newest_stamp(name) for name in (BUSINESS_EVENTS, *KEPT)}
    return {name: None if one is None else one.next_offsets for name, one in stamps.items()}


def is_kept(lake: Lake) -> bool:
    """All tables have all records of business events that the lake has."""
    records, *tables = read_until(lake).values()
    return all(one == records for one in tables)


def wait_for_budgets(lake: Lake) -> None:
    lake.adlake("wait", "--timeout", "240")
    wait_until(
        lambda: is_kept(lake), SOON_SECONDS, every=1.0, otherwise="budgets stayed behind"
    )  # fmt: skip


def assert_tables_are_right(lake: Lake) -> None:
    """Each of the tables but the contents, which `verify` proves, is what plain Python makes."""
    settings = lake.settings()
    topic = settings.kafka.business_topic
    records = newest_records(kafka_access(settings), topic, MOST_RECORDS)
    known = told([(one.value, one.key, one.time_ms) for one in records])
    with client_of(lake) as trino:
        for name, wanted in expected_rows(known).items():
            found, ours = Counter(trino.rows(f"SELECT * FROM {name}")), Counter(wanted)
            assert (list(found - ours)[:3], list(ours - found)[:3]) == ([], []), name
            assert found, name


def proven(lake: Lake, of_spend: str = ALL_EQUAL, of_customers: str = ALL_EQUAL) -> str:
    """Every table that has a check holds, and the generator's sums of accounts are compared."""
    lines = prove(lake).splitlines()
    for name in KEPT:
        [line] = [one for one in lines if f" {name} snapshot " in one] or [""]
        assert line.endswith(f"as the rows of {BUSINESS_EVENTS} give them"), line
    for name, wanted in ((SPEND_LEDGER, of_spend), (CUSTOMER_360, of_customers)):
        [line] = [one for one in lines if one.startswith(f"truth      {name}:")]
        assert line.endswith(wanted), line
    return "\n".join(lines)


def asked(lake: Lake, path: str) -> dict[str, Any]:
    """What the API answers."""
    url = f"http://127.0.0.1:{lake.port_of('api')}/{path}"
    answer = direct_session().get(url, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("action", VICTIMS)
def test_f44_a_driver_killed_between_budget_tables_leaves_them_right(
    lake: Lake, chronicle: Chronicle, action: str
) -> None:
    number = list(VICTIMS).index(action)
    play(lake, FEWER_EVENTS, 441 + number, hours=2, end_hour=14 + 2 * number)
    lake.stack().down(only=["stream"])
    run_into(lake, f"{PLACE}={action}")
    records, contents, *others = read_until(lake).values()
    assert contents == records, "the first of the tables was written"
    assert records not in others
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    wait_for_budgets(lake)
    assert_tables_are_right(lake)
    proven(lake)
    chronicle.add(
        "F44", f"kill -9 {VICTIMS[action]} at {PLACE}", fired=True,
        outcome="all six tables are those of the records, proven; so are the generator's sums",
        built_whole=others[0] is None,
    )  # fmt: skip


def test_f44_an_advertiser_that_runs_over_is_stopped_and_goes_on(
    lake: Lake, chronicle: Chronicle
) -> None:
    lake.stack().up(only=["stream", "api"])
    wait_for_budgets(lake)
    wait_until(
        lambda: is_told_of_overspender(lake), SOON_SECONDS, every=2.0,
        otherwise="decisions were not told",
    )  # fmt: skip
    ours = [json.loads(one) for one in told_of_overspender(lake)]
    assert [one["flip_number"] for one in ours] == list(range(1, len(ours) + 1)), "in their order"
    *_, begun, stopped, resumed = ours
    assert [begun["can_serve"], stopped["can_serve"], resumed["can_serve"]] == [True, False, True]
    assert (stopped["cause"], resumed["cause"]) == ("SPEND", "BUDGET")
    kept_back = Decimal(stopped["valid_spend"]) + Decimal(stopped["reserve"])
    assert kept_back >= Decimal(stopped["budget_value"])
    rows = asked(lake, f"serving/flips?advertiser_id={OVERSPENDER}")["rows"]
    assert [one["flip_id"] for one in rows[::-1]] == [one["flip_id"] for one in ours]
    serving = asked(lake, f"advertisers/{OVERSPENDER}/serving")
    assert (serving["can_serve"], serving["cause"]) == (True, "BUDGET")
    assert serving["budget_value"] == resumed["budget_value"]
    assert moment(serving["since"]) == moment(resumed["effective_at"])
    chronicle.add(
        "F44", "overspend is played to a stack", fired=True,
        outcome=f"stopped at {stopped['valid_spend']} of {stopped['budget_value']}, resumed by the "
        "next budget; lake, API and topic say the same",
    )  # fmt: skip


def told_of_overspender(lake: Lake) -> list[bytes]:
    """The records about it, in the order of the topic.

    Nothing is sent about it while drivers are killed, so nothing that was told is taken back.
    """
    return [value or b"" for key, value in taken(lake, FLIPS) if key == OVERSPENDER.encode()]


def is_told_of_overspender(lake: Lake) -> bool:
    """Each of its decisions once, as the row is."""
    rows = rows_of(lake, FLIPS).values()
    ours = [one for one in rows if json.loads(one)["advertiser_id"] == OVERSPENDER]
    return sorted(told_of_overspender(lake)) == sorted(ours) != []


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def valid_spend(lake: Lake) -> Decimal:
    with client_of(lake) as trino:
        return Decimal(
            trino.one(f"SELECT sum(amount - credit_amount) AS s FROM {SPEND_LEDGER}")["s"]
        )


def test_f44_credits_and_a_budget_of_now_reach_the_broker_and_the_tables(
    lake: Lake, chronicle: Chronicle
) -> None:
    lake.stack().up(only=["stream", "api"])
    wait_for_budgets(lake)
    lines = lake.adlake("budgets", "credit", "--dry-run").stdout.splitlines()
    credits_ = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines]
    clicks = {(one["advertiser_id"], one["click_id"]): one["amount"] for one in credits_}
    assert len(clicks) > 3, "or nothing is shown"
    before = billed(lake)
    lowered = sum(before[click][0] - before[click][1] for click in clicks)
    assert lowered > 0
    spent = valid_spend(lake)
    assert f"{len(clicks):,} clicks credited, 0 refused" in lake.adlake("budgets", "credit").stdout
    stop(lake)
    wait_for_budgets(lake)
    after = billed(lake)
    assert all(after[click] == (amount, amount) for click, amount in clicks.items())
    assert {one for one in before if before[one] != after[one]} == set(clicks)
    assert valid_spend(lake) == spent - lowered
    assert_tables_are_right(lake)
    proven(lake, f"all there; {len(clicks) + 1:,} records are in no run's counts",
           f"all there; {len(clicks) + 1:,} records are in no run's counts")  # fmt: skip
    again = lake.adlake("budgets", "credit").stdout
    assert "0 clicks credited, 0 refused" in again
    serving = asked(lake, f"advertisers/{OVERSPENDER}/serving")
    assert (serving["can_serve"], serving["cause"], serving["period"]) == (
        False, "BUDGET", "LIFETIME",
    )  # fmt: skip
    wait_until(
        lambda: is_told_of_overspender(lake), SOON_SECONDS, every=2.0,
        otherwise="the stop was not told",
    )  # fmt: skip
    newest = json.loads(told_of_overspender(lake)[-1])
    assert (newest["can_serve"], newest["period"]) == (False, "LIFETIME")
    chronicle.add(
        "F44", "credits for clicks that no person made are sent to a broker", fired=True,
        outcome=f"{len(clicks)} clicks credited once, {lowered} less spent, proven",
    )  # fmt: skip


def billed(lake: Lake) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """By click what it costs, and what of it is credited."""
    with client_of(lake) as trino:
        rows = trino.rows(
            f"SELECT advertiser_id, click_id, amount, credit_amount FROM {SPEND_LEDGER}"
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def stop(lake: Lake) -> None:
    """A budget for all time that is spent already, by the API."""
    url = f"http://127.0.0.1:{lake.port_of('api')}/events"
    change: dict[str, Any] = {
        "event_id": "f44", "event_type": "BUDGET_CHANGE", "event_timestamp": int(time.time()),
        "advertiser_id": OVERSPENDER, "budget_value": 0.01, "period": "LIFETIME",
    }  # fmt: skip
    answer = direct_session().post(url, json=change, timeout=60)
    assert answer.status_code == 202, answer.text
