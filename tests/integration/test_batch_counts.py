"""What one lake counts, its audit views and quarantine, and a broker that loses records.

Of the slower tier for the minutes its lake takes; tests/contract/proof holds the views, and
tests/unit the commands, to the same by default.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adlake.generator.business_truth import BusinessTruth, load_business_truth
from adlake.io.kafka.producer import publish_all
from adlake.io.trino.client import TrinoClient
from adlake.provision.catalog import catalog_database
from adlake.quarantine import corrections as quarantine
from tests.fixtures.corpus.case import event
from tests.fixtures.lake import Lake
from tests.fixtures.servers.served import served_lake

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]
QUICK = {"TRIGGER_SECONDS": "1", "MAX_OFFSETS_PER_TRIGGER": "4000", "LEDGER_EVERY_BATCHES": "1"}
WRONG_SIGN = "wrong-sign"
"""Event of the one rejected conversion that the traffic is sure to hold, and its impression."""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Shared by all tests but the one that takes records away."""
    with served_lake(tmp_path_factory.mktemp("counts") / "home", **QUICK) as one:
        fill(one)
        yield one


def fill(lake: Lake) -> None:
    """The first traffic, and one rejected conversion that is known."""
    produce(lake, 10_000, 1, "--business")
    send_a_wrong_sign(lake)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")


@pytest.fixture(scope="module")
def trino(lake: Lake) -> Iterator[TrinoClient]:
    with lake.trino() as client:
        yield client


def produce(lake: Lake, events: int, seed: int, *more: str) -> None:
    lake.adlake(
        "generate", "--events", str(events), "--history-events", str(events), "--seed", str(seed),
        "--drain", "--unpaced", "--faults", "all", "--history", "48h", *more,
    )  # fmt: skip


def send_a_wrong_sign(lake: Lake) -> None:
    payload = event(
        event_id=WRONG_SIGN, impression_id=WRONG_SIGN, event_type="CONVERSION", bid_price=...,
        conversion_value=-12.34, event_timestamp=int(time.time()),
    )  # fmt: skip
    settings = lake.settings()
    record = (WRONG_SIGN.encode(), payload, int(time.time() * 1000))
    publish_all(settings.bootstrap_servers, settings.kafka.topic, [record])


def listed(lake: Lake, *filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        lake.adlake("quarantine", "list", "--format", "json", *filters).stdout
    )
    return found


def test_the_batch_counts_agree_and_verify_counts_every_batch(
    lake: Lake, trino: TrinoClient
) -> None:
    lake.adlake("verify", "--batches")
    batches = trino.records("SELECT * FROM audit.batch_completeness")
    assert len({row["batch_id"] for row in batches}) > 1
    assert all(row["is_complete"] for row in batches)
    assert sum(row["duplicates"] for row in batches) > 0
    assert trino.records("SELECT * FROM audit.completeness_gaps") == []
    assert "nothing is missing" in lake.adlake("producers").stdout
    assert " batches in " in lake.stream().last_log_lines(200)


def business_truth(lake: Lake) -> BusinessTruth:
    [truth] = load_business_truth(lake.settings().paths.truth_dir)
    return truth


def test_the_audit_of_producers_has_every_topic(lake: Lake) -> None:
    text = lake.adlake("producers").stdout
    order = [text.index(f"topic {one}") for one in ("ad_", "business_", "campaign_")]
    assert order == sorted(order)
    assert text.count("nothing is missing") == 3
    audit = json.loads(lake.adlake("producers", "--json").stdout)
    [total] = [
        one for one in audit["lines"]
        if one["topic"] == "business_events" and one["partition"] is None
    ]  # fmt: skip
    sent = business_truth(lake).deliveries
    assert total["acknowledged"] == total["broker_offsets"] == total["bronze_offsets"] == sent > 999


def test_verify_holds_business_events_against_what_was_written_beside_them(lake: Lake) -> None:
    sent = business_truth(lake).deliveries
    proof = lake.adlake("verify").stdout
    assert f"truth: 1 runs of the generator, {sent:,} records: every count is equal" in proof
    [file] = lake.settings().paths.truth_dir.glob("*/business.json")
    before = file.read_text()
    truth = json.loads(before)
    truth["counts"]["by_type"]["ORDER"]["admitted"] += 1
    file.write_text(json.dumps(truth))
    try:
        failed = lake.adlake("verify", expected=1).stdout
    finally:
        file.write_text(before)
    assert "- bronze.business_events is not what its producers sent" in failed
    assert "event_type 'ORDER'" in failed


def test_the_audit_of_business_events_says_what_the_generator_knows(
    lake: Lake, trino: TrinoClient
) -> None:
    counts = business_truth(lake).counts
    rows = trino.records(
        "SELECT event_type, reason, detail, count(*) AS deliveries "
        "FROM gold.business_events_audit GROUP BY event_type, reason, detail"
    )
    told: Counter[str] = Counter()
    repeats: Counter[str] = Counter()
    for row in rows:
        told[row["reason"]] += row["deliveries"]
        if row["reason"] in {"DUPLICATE_DELIVERY", "CONFLICTING_DUPLICATE"}:
            repeats[row["event_type"]] += row["deliveries"]
    assert {reason: told[reason] for reason in counts.rejected} == counts.rejected
    by_type = counts.by_type.items()
    expected = {name: one.admitted - one.distinct for name, one in by_type}
    assert dict(repeats) == {name: number for name, number in expected.items() if number}
    assert told["DUPLICATE_DELIVERY"] > 0
    assert told["CONFLICTING_DUPLICATE"] > 0
    remarks = sum(row["deliveries"] for row in rows if row["detail"] == "BAD_BUDGET_VALUE")
    assert remarks == counts.remarks.get("BAD_BUDGET_VALUE", 0)


def test_explain_says_what_the_views_say(lake: Lake, trino: TrinoClient) -> None:
    [[impression_id]] = trino.rows(
        "SELECT impression_id FROM audit.delivery_findings JOIN "
        "(SELECT impression_id FROM audit.event_outcomes WHERE disposition IS NOT NULL) "
        "USING (impression_id) WHERE finding IS NOT NULL ORDER BY impression_id LIMIT 1"
    )
    told = json.loads(lake.adlake("explain", impression_id, "--json").stdout)
    where = "WHERE impression_id = ?"
    findings = {
        (row["kafka_partition"], row["kafka_offset"]): row["finding"] or "counted"
        for row in trino.records(f"SELECT * FROM audit.delivery_findings {where}", [impression_id])
    }
    assert (
        findings.items()
        <= {
            (line["partition"], line["offset"]): line["what_happened"]
            for line in told["deliveries"]
        }.items()
    )
    outcomes = trino.records(f"SELECT * FROM audit.event_outcomes {where}", [impression_id])
    assert {event["event_id"]: event["disposition"] for event in told["events"]} == {
        row["event_id"]: "CREDITED_CLICK" if row["is_credited_click"] else row["disposition"]
        for row in outcomes
    }


def gold_of(trino: TrinoClient, event_id: str) -> list[dict[str, Any]]:
    return trino.records(
        "SELECT impression_id, disposition, amount FROM audit.event_outcomes WHERE event_id = ?",
        [event_id],
    )


def test_a_rejected_conversion_is_corrected_and_counts_once(lake: Lake, trino: TrinoClient) -> None:
    rejected = listed(lake, "--reason", "negative_value", "--limit", "500")
    assert {row["reject_reason"] for row in rejected} == {"NEGATIVE_VALUE"}
    assert listed(lake, "--reason", "NEGATIVE_VALUE", "--until", "2020-01-01") == []
    [target] = [row for row in rejected if row["impression_id"] == WRONG_SIGN]
    place = f"{target['kafka_partition']}/{target['kafka_offset']}"
    assert "NEGATIVE_VALUE (NEG_VALUE)" in lake.adlake("quarantine", "show", place).stdout
    payload = json.loads(lake.adlake("quarantine", "show", place, "--raw").stdout)
    # The drained tail of the traffic lies ahead of the clock: the correction is of now.
    now = ("--set", f"event_timestamp={int(time.time())}")
    refused = lake.adlake(
        "quarantine", "fix", place, "--set", "conversion_value=-2", *now, "--why", "sign",
        expected=1,
    )  # fmt: skip
    assert "would be rejected again: NEGATIVE_VALUE" in refused.stderr
    event_id = f"corrected-{payload['event_id']}"
    lake.adlake(
        "quarantine", "fix", place, "--why", "wrong sign at the source", "--set",
        "conversion_value=12.34", "--set", f"event_id={event_id}", *now,
    )  # fmt: skip
    preview = json.loads(lake.adlake("quarantine", "resubmit", "--dry-run").stdout)
    assert preview["origin"].endswith(place)
    assert preview["status"] == "pending"
    send_and_die(lake)
    done = json.loads(lake.adlake("quarantine", "resubmit").stdout)
    assert done["status"] == "resubmitted"
    assert json.loads(done["payload"])["adlake_origin"]["offset"] == target["kafka_offset"]
    lake.adlake("wait", "--timeout", "120")
    [outcome] = gold_of(trino, event_id)
    assert str(outcome["amount"]) == "12.340000"
    findings = trino.records(
        "SELECT finding FROM audit.delivery_findings WHERE event_id = ?", [event_id]
    )
    assert findings == [{"finding": "DUPLICATE_DELIVERY"}]
    lake.adlake("verify")
    assert lake.adlake("quarantine", "resubmit").stdout == ""
    again = ("quarantine", "fix", place, "--set", "conversion_value=1", *now, "--why", "again")
    assert "was corrected by" in lake.adlake(*again, expected=1).stderr
    states = {
        (row["kafka_partition"], row["kafka_offset"]): row["fix"]
        for row in listed(lake, "--limit", "5000")
    }
    assert states[target["kafka_partition"], target["kafka_offset"]] == "resubmitted"
    assert list(states.values()).count("resubmitted") == 1


def send_and_die(lake: Lake) -> None:
    """A resubmit that is killed between the acknowledgement and its mark."""
    settings = lake.settings()
    pending = quarantine.pending_fixes(catalog_database(settings).connect)
    records = [(one.impression_id.encode(), one.payload, _ms(one.fixed_at)) for one in pending]
    publish_all(settings.bootstrap_servers, settings.kafka.topic, records)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_what_is_no_rejected_delivery_is_refused(lake: Lake) -> None:
    for command in (("show", "0/99999999"), ("show", "nowhere"), ("fix", "0/1", "--why", "x")):
        failed = lake.adlake("quarantine", *command, expected=1)
        assert "Traceback" not in failed.stderr
        assert "adlake:" in failed.stderr


@pytest.fixture
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake of its own, whose broker's files are taken away: what a broker lost stays lost."""
    with Lake(tmp_path_factory.mktemp("doomed") / "home", QUICK).running() as one:
        fill(one)
        yield one


def test_a_broker_that_loses_its_tail_is_found_out(doomed: Lake) -> None:
    lake = doomed
    assert "nothing is missing" in lake.adlake("producers").stdout
    lake.stack().down(only=["stream"])
    kafka, copy = lake.home / "kafka", lake.home / "kafka-before"
    lake.stack().down(only=["kafka"])
    shutil.copytree(kafka, copy)
    lake.stack().up(only=["kafka"])
    produce(lake, 3_000, seed=21)
    lake.stack().down(only=["kafka"])
    shutil.rmtree(kafka)
    copy.rename(kafka)
    lake.stack().up(only=["kafka"])
    cut = lake.adlake("producers", expected=1).stdout
    assert "acknowledged, but the broker's log ends before them" in cut
    # The same offsets go to other records: no reader of the topic can tell any more.
    produce(lake, 9_000, seed=22)
    lake.stack().up(only=["stream"])
    lake.adlake("wait", "--timeout", "240")
    lake.adlake("verify")
    audit = json.loads(lake.adlake("producers", "--json", expected=1).stdout)
    assert {one["partition"] for one in audit["missing"]} == {0, 1, 2, 3}
    assert all("other records have now" in one["problem"] for one in audit["missing"])
    # A few were published by hand in between and are in nobody's counts.
    assert sum(one["records"] for one in audit["missing"]) > 2_900


def test_counts_of_another_producer_are_added(lake: Lake, tmp_path: Path) -> None:
    table = tmp_path / "web.csv"
    table.write_text("producer,topic,partition,records\nweb,ad_events,2,1000000\n")
    told = lake.adlake("producers", "--counts", str(table), expected=1).stdout
    assert "MISSING partition 2" in told
