"""What one run of an application says of itself, as a Prometheus registry.

Three kinds of numbers: what happened (`add`, `put`, `observe`), what is computed when somebody asks
(`put_computed`), and what is asked of others every few seconds (`answer`): the last are absent
as soon as their answer is old or missing, so that no number outlives what it was about.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple, Self, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from adlake.contracts.gauges import METRICS, PROBE_UP, Kind, Metric

disable_created_metrics()  # type: ignore[no-untyped-call]
Labels = Mapping[str, str]
Made = TypeVar("Made", Counter, Gauge, Histogram)


class Sample(NamedTuple):
    """One number that was asked of others."""

    metric: Metric
    value: float
    labels: Labels = MappingProxyType({})


@dataclass
class _Answer:
    """The last answer to one question; `until` is when it is too old, on the monotonic clock."""

    samples: tuple[Sample, ...] = ()
    until: float = 0.0


@dataclass(eq=False)
class _Answers(Collector):
    """Answers by question, as metrics while they are fresh."""

    clock: Callable[[], float]
    by_question: dict[str, _Answer] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Each metric with the samples of fresh answers, and which questions have one."""
        with self.lock:
            answers = dict(self.by_question)
        now = self.clock()
        fresh = {name: answer.samples for name, answer in answers.items() if now < answer.until}
        up = [Sample(PROBE_UP, float(name in fresh), {"probe": name}) for name in sorted(answers)]
        by_metric: dict[Metric, list[Sample]] = {}
        for sample in [*up, *(one for samples in fresh.values() for one in samples)]:
            by_metric.setdefault(sample.metric, []).append(sample)
        for metric, samples in by_metric.items():
            yield _family(metric, samples)


class Meters:
    """Metrics of contracts.gauges, each with its labels; safe for several threads.

    `clock` says, in seconds, how old the answers of others are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._counters: dict[Metric, Counter] = {}
        self._gauges: dict[Metric, Gauge] = {}
        self._histograms: dict[Metric, Histogram] = {}
        self._clock = clock
        self._answers = _Answers(clock)
        self.registry.register(self._answers)
        ProcessCollector(registry=self.registry)
        self._lock = threading.Lock()

    def __deepcopy__(self, _memo: object) -> Self:
        """A copied configuration counts in the same registry: there is one for a run."""
        return self

    def add(self, metric: Metric, amount: float = 1, **labels: str) -> None:
        """Let a counter grow; by 0 it appears."""
        counter = self._made(self._counters, metric, Kind.COUNTER, Counter)
        (counter.labels(**labels) if labels else counter).inc(amount)

    def put(self, metric: Metric, value: float, **labels: str) -> None:
        """Say what a gauge is now."""
        self._gauge(metric, labels).set(value)

    def put_computed(self, metric: Metric, compute: Callable[[], float], **labels: str) -> None:
        """Have a gauge computed whenever somebody asks; `compute` must be quick."""
        self._gauge(metric, labels).set_function(compute)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Count a value in its bucket."""
        histogram = self._made(self._histograms, metric, Kind.HISTOGRAM, Histogram)
        (histogram.labels(**labels) if labels else histogram).observe(value)

    def count(self, metric: Metric, value: float, **labels: str) -> None:
        """Let a counter grow by the value, or put a gauge to it."""
        (self.add if metric.kind is Kind.COUNTER else self.put)(metric, value, **labels)

    def answer(self, question: str, samples: Iterable[Sample], fresh_seconds: float) -> None:
        """Take what was answered to a question; all its former samples are gone."""
        answer = _Answer(tuple(samples), self._clock() + fresh_seconds)
        with self._answers.lock:
            self._answers.by_question[question] = answer

    def no_answer(self, question: str) -> None:
        """A question was not answered: its numbers are absent."""
        self.answer(question, (), 0.0)

    def value(self, metric: Metric, **labels: str) -> float | None:
        """What somebody who asks now is told; None: it is absent. Of a histogram: how many."""
        suffix = {Kind.HISTOGRAM: "_count"}.get(metric.kind, "")
        return self.registry.get_sample_value(f"{metric.name}{suffix}", labels)

    def exposition(self) -> str:
        """Everything in the text form that Prometheus reads."""
        return generate_latest(self.registry).decode()

    def _gauge(self, metric: Metric, labels: Labels) -> Gauge:
        gauge = self._made(self._gauges, metric, Kind.GAUGE, Gauge)
        return gauge.labels(**labels) if labels else gauge

    def _made(
        self, made: dict[Metric, Made], metric: Metric, kind: Kind, make: Callable[..., Made]
    ) -> Made:
        with self._lock:
            if metric not in made:
                if metric.kind is not kind or metric not in METRICS:
                    raise TypeError(f"{metric.name} is no {kind} of contracts.gauges")
                limits = {"buckets": metric.buckets} if metric.buckets else {}
                made[metric] = make(
                    metric.name, metric.help, metric.labels, registry=self.registry, **limits
                )
            return made[metric]


def _family(metric: Metric, samples: list[Sample]) -> CounterMetricFamily | GaugeMetricFamily:
    make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = make(metric.name, metric.help, labels=metric.labels)
    for sample in samples:
        family.add_metric([sample.labels[name] for name in metric.labels], sample.value)
    return family
