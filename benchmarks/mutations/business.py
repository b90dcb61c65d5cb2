"""Business events: what is admitted of the second topic."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

QUICK = "tests/unit/business/test_business_admission.py"
PARITY = "tests/spark/business/test_business_parity.py"
AUDIT = "tests/unit/business/test_business_audit.py"
GENERATOR = "tests/unit/business/test_business_generator.py"

BUSINESS: tuple[Mutation, ...] = (
    Mutation(
        "a click with a bad budget is rejected, and its spend is lost",
        "adlake.business.contract:REASON_OF",
        "    BusinessDetail.ZERO_CREDIT: RejectReason.BAD_VALUE,",
        "    BusinessDetail.ZERO_CREDIT: RejectReason.BAD_VALUE,\n"
        "    BusinessDetail.BAD_BUDGET_VALUE: RejectReason.BAD_VALUE,",
        f"{QUICK}::test_a_click_with_a_bad_budget_is_admitted_with_a_remark",
    ),
    Mutation(
        "an advertiser's name alone is no id", "adlake.business.rules:_read",
        "event_type in ADVERTISER_TYPES and is_missing(",
        "event_type is None and is_missing(", QUICK,
    ),
    Mutation(
        "a click id stands for the event id of every type", "adlake.business.rules:_read",
        'event_type is BusinessType.AD_CLICK and is_missing(member(event, "event_id"))',
        'is_missing(member(event, "event_id"))', QUICK,
    ),
    Mutation(
        "a credit of nothing is admitted", "adlake.business.rules:_bad_money",
        "event_type is POSITIVE_MONEY_TYPE and micros == 0", "micros == -1", QUICK,
    ),
    Mutation(
        "a negative amount is named before a value outside its set",
        "adlake.business.rules:_bad_money",
        "if micros in (RejectDetail.WRONG_TYPE, RejectDetail.OUT_OF_RANGE):",
        "if isinstance(micros, RejectDetail):", QUICK,
    ),
    Mutation(
        "values of a set are compared in any case", "adlake.business.rules:_outside_its_set",
        "held_text(value) not in value_sets[name]",
        '(held_text(value) or "").upper() not in map(str.upper, value_sets[name])', QUICK,
    ),
    Mutation(
        "letters are lowered by each engine in its own way", "adlake.business.rules:_free_text",
        '.strip(" ").translate(_LOWER)', '.strip(" ").lower()', QUICK,
    ),
    Mutation(
        "fields that a type does not have are judged", "adlake.business.rules:_read",
        "return {name: value for name, value in event.items() if name in names}",
        "return event", QUICK,
    ),
    Mutation(
        "a key that is not the user's is taken for its own", "adlake.business.rules:_has_own_key",
        "return key == member(event, TYPES[event_type].key).text.encode()",
        "return key is not None", QUICK,
    ),
    Mutation(
        "Spark rejects clicks with a bad budget", "adlake.business.spark:_detail",
        "BusinessDetail.BAD_BUDGET_VALUE.value,", "BusinessDetail.ZERO_CREDIT.value,", PARITY,
    ),
    Mutation(
        "a billed click has an id that no ad event has",
        "adlake.generator.business_events:journey_events",
        "click_id = encoder.event_id(click.name, scene.sequence).decode()",
        'click_id = f"clk-{scene.sequence}-{click.name}"',
        f"{GENERATOR}::test_a_click_is_billed_under_the_event_id_of_its_ad_event",
    ),
    Mutation(
        "the truth takes the larger content of a conflict",
        "adlake.generator.account_totals:winners_of",
        "event.variant < known.variant", "event.variant > known.variant",
        f"{GENERATOR}::test_the_truth_is_what_the_admission_says",
    ),
    Mutation(
        "an order told again under another event id is called a contradiction",
        "adlake.business.contract:CONTENT_FIELDS", "{*HEADER_FIELDS, *contract.once_per,",
        "{*HEADER_FIELDS[1:], *contract.once_per,", AUDIT,
    ),
    Mutation(
        "the audit lets the first delivery win, not the smallest content",
        "adlake.business.audit:_carrier_order",
        "return content_of(one.verdict.fields), one.ingest_ms, partition, offset, topic",
        "return (0, 0, b\"\"), one.ingest_ms, partition, offset, topic", AUDIT,
    ),
)  # fmt: skip
