"""The registry of a run: what is absent, what is told, and what is refused."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adlake.contracts import gauges
from adlake.contracts.gauges import METRICS, Kind, Metric
from adlake.io.prometheus.meters import Meters, Sample

LABELS = {"pipeline": "p", "topic": "t", "partition": "0"}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_counter_appears_with_nothing_and_only_grows() -> None:
    meters = Meters()
    assert meters.value(gauges.BATCHES, pipeline="p") is None
    meters.add(gauges.BATCHES, 0, pipeline="p")
    assert meters.value(gauges.BATCHES, pipeline="p") == 0
    meters.count(gauges.BATCHES, 3, pipeline="p")
    assert meters.value(gauges.BATCHES, pipeline="p") == 3
    with pytest.raises(ValueError, match="non-negative"):
        meters.add(gauges.BATCHES, -1, pipeline="p")


def test_a_computed_gauge_is_computed_when_asked() -> None:
    meters, clock = Meters(), Clock()
    meters.put_computed(gauges.BATCH_RUNNING, clock, pipeline="p")
    clock.now = 7.0
    assert meters.value(gauges.BATCH_RUNNING, pipeline="p") == 7.0


def test_an_answer_is_absent_when_it_is_old_or_fails() -> None:
    clock = Clock()
    meters = Meters(clock)
    answered = [Sample(gauges.LAG, 9, LABELS)]
    meters.answer("broker", answered, 10.0)
    assert meters.value(gauges.LAG, **LABELS) == 9
    assert meters.value(gauges.PROBE_UP, probe="broker") == 1
    clock.now = 10.0
    assert meters.value(gauges.LAG, **LABELS) is None, "an old number must not look like a new one"
    assert meters.value(gauges.PROBE_UP, probe="broker") == 0
    meters.answer("broker", answered, 10.0)
    meters.no_answer("broker")
    assert meters.value(gauges.LAG, **LABELS) is None
    assert meters.value(gauges.PROBE_UP, probe="broker") == 0


def test_what_an_answer_no_longer_names_is_absent() -> None:
    meters = Meters()
    meters.answer("control", [Sample(gauges.OPERATION_AGE, 5, {"kind": "erase"})], 10.0)
    meters.answer("control", [], 10.0)
    assert meters.value(gauges.OPERATION_AGE, kind="erase") is None
    assert meters.value(gauges.PROBE_UP, probe="control") == 1


def test_a_metric_of_another_kind_or_of_nobody_is_refused() -> None:
    with pytest.raises(TypeError, match="adlake_batches_total is no gauge"):
        Meters().put(gauges.BATCHES, 1, pipeline="p")
    with pytest.raises(TypeError, match="adlake_mine is no gauge"):
        Meters().put(Metric("adlake_mine", Kind.GAUGE, "mine"), 1)


def test_labels_are_those_of_the_list() -> None:
    with pytest.raises(ValueError, match="label"):
        Meters().add(gauges.BATCHES, pipeline="p", table="t")


def test_every_metric_is_told_under_its_name_with_its_help() -> None:
    meters = Meters()
    for metric in METRICS:
        labels = dict.fromkeys(metric.labels, "x")
        if metric.kind is Kind.HISTOGRAM:
            meters.observe(metric, 1, **labels)
        else:
            meters.count(metric, 1, **labels)
    told = {one.name: one for one in text_string_to_metric_families(meters.exposition())}
    for metric in METRICS:
        family = told[metric.name.removesuffix("_total")]
        assert (family.documentation, family.type) == (metric.help, metric.kind)
        assert {name for one in family.samples for name in one.labels} - {"le"} == set(
            metric.labels
        )
        assert "_created" not in "".join(one.name for one in family.samples)


def test_names_say_unit_and_kind_as_prometheus_wants() -> None:
    for metric in METRICS:
        assert metric.name.startswith("adlake_")
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        if metric.unit in {"seconds", "bytes"}:
            assert metric.name.removesuffix("_total").endswith(metric.unit)
