"""docs/law.md says what the law does: its examples, and what a delivery is refused for."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

import pytest

from adlake.attribution.law import admission
from adlake.attribution.law.delivery_audit import delivery_findings
from adlake.attribution.law.rules import (
    AdmittedDelivery,
    delivery_of,
    event_outcomes,
    project,
    state_of,
)
from adlake.business import rules as business
from adlake.business.contract import BusinessDetail, BusinessType
from adlake.contracts.audit import DeliveryFinding, DeliveryFlag, Disposition, EventFlag
from adlake.contracts.details import RejectDetail
from adlake.contracts.events import EventType, RejectReason
from adlake.contracts.law import LAW_V1, MAX_NESTING_DEPTH, MAX_PAYLOAD_BYTES
from adlake.dims import rules as dims
from adlake.dims.contract import UpdateDetail
from adlake.settings import REPO_ROOT
from tests.golden import BASE_MS, TOPIC, LawCase, law_cases
from tools.pages import law as page

pytestmark = pytest.mark.docs

TEXT = (REPO_ROOT / "docs" / "law.md").read_text()
EVENTS = (REPO_ROOT / "docs" / "send-events.md").read_text()
CASES = {case.number: case for case in law_cases()}
WHOLE_RECORDS: dict[str, bytes | None] = {
    "no value at all (a tombstone)": None,
    "1,048,577 bytes": b"{" + b" " * (MAX_PAYLOAD_BYTES - 1) + b"}",
    "nothing but blanks": b"   ",
    "the byte FF in a text": b'{"event_id": "\xff"}',
    "1,001 objects, one in the other": b'{"a":' * MAX_NESTING_DEPTH
    + b"{}"
    + b"}" * MAX_NESTING_DEPTH,
}
"""What the page says of records that cannot be printed."""


def section(title: str, level: str = "##") -> str:
    """What stands below a heading, up to the next one of its level or above."""
    found = re.search(
        rf"^{level} {re.escape(title)}\n(.*?)(?=^#{{2,{len(level)}}} |\Z)", TEXT, re.M | re.S
    )
    assert found, title
    return found[1]


def rows_of(text: str) -> list[list[str]]:
    """Cells of each line of the tables in it, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| `") or line.startswith("| n")]
    return [[cell.strip() for cell in re.split(r"(?<!\\) \| ", line.strip("| "))] for line in lines]


def part(number: int) -> str:
    begin = page.example(CASES[number]).splitlines()[0]
    return TEXT[TEXT.index(begin) :].partition("<!-- end of")[0]


def admitted_of(case: LawCase) -> list[AdmittedDelivery]:
    return [
        delivery_of(verdict, one.ingest_ms, TOPIC, one.partition, one.offset)
        for one in case.deliveries
        for verdict in (admission.admit(one.payload, one.ingest_ms),)
        if isinstance(verdict, admission.Admitted)
    ]


def fates_by_the_law(case: LawCase) -> list[str]:
    """What became of each delivery, by the real law."""
    admitted = {one.offset: one for one in admitted_of(case)}
    outcomes = {one.event_id: one for one in event_outcomes(state_of(admitted.values()))}
    findings = {
        offset: str(one) for (*_, offset), one in delivery_findings(admitted.values()).items()
    }
    fates = []
    for one in case.deliveries:
        verdict = admission.admit(one.payload, one.ingest_ms)
        if isinstance(verdict, admission.Rejected):
            fates.append(f"rejected: {verdict.reason}")
            continue
        outcome = outcomes[verdict.event_id]
        told = [str(outcome.disposition)] if outcome.disposition else []
        told += ["credited click"] if outcome.is_credited_click else []
        told += sorted(outcome.flags)
        fates.append(findings.get(one.offset) or ", ".join(told) or "counts")
    return fates


@pytest.mark.parametrize("number", page.shown_rows(TEXT))
def test_an_example_says_what_the_law_does(number: int) -> None:
    case = CASES[number]
    table, _, gold = part(number).partition("Gold: ")
    shown = [line.rstrip("| ").split(" | ")[-1] for line in table.splitlines()
             if re.match(r"\| \d", line)]  # fmt: skip
    assert shown == fates_by_the_law(case)
    row = project(case.impression_id, state_of(admitted_of(case)))
    assert row is not None
    columns = asdict(row)
    told = dict(re.findall(r"`(\w+)` ([^,`]+?)[,.]\s", gold))
    assert told == {name: page.value(name, columns[name]) for name in page.COLUMNS}


def test_every_name_has_its_example() -> None:
    examples = "".join(part(number) for number in page.shown_rows(TEXT))
    names = [*Disposition, *EventFlag, *DeliveryFinding]
    assert [name for name in names if name not in examples] == []
    told = {row[0].strip("`"): row[2] for row in rows_of(TEXT) if "row" in row[2]}
    assert set(told) == {*names, *DeliveryFlag}
    for name, example in told.items():
        number = re.fullmatch(r"row (\d+)", example)
        assert number is None or name in part(int(number[1])), (name, example)


def test_the_whole_table_has_every_row() -> None:
    numbers = re.findall(r"^\| (\d+) \|", section("Every row of the table"), re.M)
    assert [int(number) for number in numbers] == sorted(CASES)


@pytest.mark.parametrize("reason", RejectReason)
def test_every_reason_has_an_example_that_is_refused_for_it(reason: RejectReason) -> None:
    (block,) = re.findall(r"```json\n(.*?)\n```", section(f"`{reason}`", "###"), re.S)
    verdict = admission.admit(block.encode(), BASE_MS)
    assert isinstance(verdict, admission.Rejected)
    assert verdict.reason is reason
    assert "1772445600" in section("What a delivery is refused for").partition("###")[0]
    assert BASE_MS == 1_772_445_600_000


def test_no_reason_is_told_that_does_not_exist() -> None:
    told = re.findall(r"^### `(\w+)`$", TEXT, re.M)
    assert told == [str(reason) for reason in RejectReason]


def base_of(event_type: str) -> dict[str, Any]:
    """The example of a type in send-events.md."""
    block = EVENTS.partition("## One example of each type")[2].split("```")[1]
    lines = block.removeprefix("json\n").splitlines()
    events: dict[str, dict[str, Any]] = {one["event_type"]: one for one in map(json.loads, lines)}
    return events[event_type]


def changed(event_type: str, told: str) -> bytes | None:
    """The record that a line of the table means."""
    if event_type == "any":
        return WHOLE_RECORDS[told] if told in WHOLE_RECORDS else told.strip("`").encode()
    change = json.loads("{" + told.strip("`") + "}")
    return json.dumps(base_of(event_type) | change).encode()


def judge_business(payload: bytes | None) -> tuple[str | None, str | None]:
    verdict = business.admit(payload, None, BASE_MS)
    return verdict.reason, verdict.detail


def judge_ad(payload: bytes | None) -> tuple[str | None, str | None]:
    verdict = admission.admit(payload, BASE_MS)
    assert isinstance(verdict, admission.Rejected), payload
    return verdict.reason, verdict.detail


@pytest.mark.parametrize("topic", ["ad events", "business events"])
def test_every_detail_has_an_example_that_is_refused_for_it(topic: str) -> None:
    rows = rows_of(section(f"Of {topic}", "###"))
    wanted = set(RejectDetail) if topic == "ad events" else set(BusinessDetail)
    assert {row[1].strip("`") for row in rows} == wanted
    assert len(rows) == len(wanted)
    judge = judge_ad if topic == "ad events" else judge_business
    for reason, detail, event_type, told in rows:
        wanted_reason = None if reason == "none: admitted" else reason.strip("`")
        assert judge(changed(event_type, told)) == (wanted_reason, detail.strip("`")), told


def test_every_detail_of_campaign_updates_has_an_example() -> None:
    rows = rows_of(section("Of campaign updates", "###"))
    assert {row[1].strip("`") for row in rows} == set(UpdateDetail)
    base = {"event_id": "e1", "event_type": "CAMPAIGN_UPDATE", "event_timestamp": BASE_MS,
            "campaign_id": "c1"}  # fmt: skip
    assert dims.admit(json.dumps(base).encode(), BASE_MS).reason is None
    for reason, detail, told in rows:
        event = base | json.loads("{" + told.strip("`") + "}")
        verdict = dims.admit(json.dumps(event).encode(), BASE_MS)
        assert (verdict.reason, verdict.detail) == (reason.strip("`"), detail.strip("`"))


@pytest.mark.parametrize("event_type", [*EventType, *BusinessType])
def test_the_example_of_each_type_is_admitted(event_type: str) -> None:
    payload = json.dumps(base_of(event_type)).encode()
    if event_type in set(EventType):
        assert isinstance(admission.admit(payload, BASE_MS), admission.Admitted)
    else:
        assert judge_business(payload) == (None, None)


def test_the_lengths_in_the_prose_are_those_of_the_law() -> None:
    assert LAW_V1.attribution_window_ms == 7 * 86_400_000
    assert "up to 7 days after that click" in TEXT
    assert LAW_V1.future_tolerance_ms == 300_000
    assert "ahead by five minutes, not more" in TEXT
    assert LAW_V1.late_tolerance_ms == 3_600_000
    assert "arrived more than an hour after it happened" in TEXT
