"""Metric names and parameters: what is bound, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adlake.metrics.query import (
    MetricParameter,
    MetricParameterError,
    UnknownMetricError,
    load_metric,
    metric_names,
    parsed_assignments,
)
from adlake.metrics.reference import reference_markdown


def test_unknown_metric_lists_near_matches() -> None:
    with pytest.raises(UnknownMetricError, match="did you mean freshness"):
        load_metric("freshnes")
    with pytest.raises(UnknownMetricError, match="there are: advertiser_budgets, "):
        load_metric("zzz")


def test_what_a_header_says_beside_its_fields_are_remarks() -> None:
    assert load_metric("roas").summary == "revenue earned for each unit of spend."
    assert load_metric("roas").remarks == ""
    remarks = load_metric("table_sizes").remarks
    assert remarks.startswith("stored_rows counts superseded rows too; delete_marks says")
    assert remarks.endswith('"$files" would open every manifest.')


def test_the_page_of_metrics_has_each_with_its_parameters() -> None:
    page = reference_markdown()
    assert [name for name in metric_names() if f"\n## {name}\n" not in page] == []
    assert "| `bucket` | `minute`, `hour`, `day`, `month`, `year` | `hour` | length of" in page
    assert "| `since` | `timestamp` | (none) | impressions at or after this time" in page


def test_a_path_is_no_metric() -> None:
    with pytest.raises(UnknownMetricError):
        load_metric("../metrics/roas")


def test_unknown_parameter_lists_the_known_ones() -> None:
    with pytest.raises(MetricParameterError, match="it has: since, until, campaign_id"):
        load_metric("roas").bound_values({"from": "2026-01-01"})
    with pytest.raises(MetricParameterError, match="it has: none"):
        load_metric("orphan_revenue").bound_values({"since": "2026-01-01"})


def test_values_are_bound_by_the_names_of_the_header_in_its_order() -> None:
    bound = load_metric("performance_over_time").bound_values(
        {"campaign_id": "c'1", "since": "2026-01-02T03:04:05.678+02:00"}
    )
    assert list(bound.items()) == [
        ("bucket", "hour"),
        ("since", datetime(2026, 1, 2, 1, 4, 5, 678_000, tzinfo=UTC)),
        ("until", None),
        ("campaign_id", "c'1"),
        ("geo_country", None),
        ("platform", None),
    ]


@pytest.mark.parametrize(
    ("type_name", "text"),
    [("integer", "1.5"), ("integer", ""), ("timestamp", "yesterday"), ("minute|hour", "day")],
)
def test_wrong_values_are_refused_by_name(type_name: str, text: str) -> None:
    parameter = MetricParameter("size", type_name, None, "a size")
    with pytest.raises(MetricParameterError, match=r"^size='.*' is no .*\(a size\)"):
        parameter.value_of(text)


def test_assignments_split_at_the_first_equals_sign() -> None:
    assert parsed_assignments(["a=1", "b=x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}
    for wrong in ("a", "=1"):
        with pytest.raises(MetricParameterError, match="name=value"):
            parsed_assignments([wrong])


def test_a_relation_of_the_header_stands_before_the_query_in_its_order() -> None:
    metric = load_metric("maturity")
    places = [metric.sql.index(f"{name} AS (") for name in (
        "WITH observation", "conversion_delays", "delay_curve", "impressions",
    )]  # fmt: skip
    assert places == sorted(places)
    assert "relation observation" not in metric.remarks
    assert metric.bound_values({})["fewest"] == 30
