"""Who is asked when the lake is proven: the broker of each topic, and those who sent to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from adlake.contracts.tables import BRONZE_EVENTS, BUSINESS_EVENTS
from adlake.generator.business_truth import load_business_truth
from adlake.generator.truth import load_truth
from adlake.io.kafka.topic import TopicError, TopicFacts
from adlake.io.postgres.law_store import read_law
from adlake.io.postgres.source_incarnations import source_incarnations
from adlake.io.trino.client import TrinoClient
from adlake.proof.baseline import read_baseline
from adlake.proof.producer_counts import ProducerCount, counts_of_runs
from adlake.proof.producers import AuditedTopic
from adlake.proof.records import NOT_ASKED, Broker, RecordsSource
from adlake.proof.records_truth import LoadRecordsTruths, RecordsTruth
from adlake.proof.verify import Verification
from adlake.settings import Settings
from adlake.wiring.lake import lake_reader, lease_connect
from adlake.wiring.topics import hole_finder, present_topic, tables_of_topics

RECORDS_TRUTHS: Final[Mapping[str, Callable[[Path], LoadRecordsTruths]]] = MappingProxyType({
    BUSINESS_EVENTS: lambda folder: partial(load_business_truth, folder),
})  # fmt: skip
"""Table of records: how what producers wrote beside its records is read. That about ad events is
held against Gold (proof.truth)."""


def broker_of(settings: Settings, topic: str) -> tuple[Broker, TopicFacts]:
    """What the broker knows of a topic.

    Raises:
        TopicError: there is no such topic, or the broker does not answer.
    """
    found = present_topic(settings, topic=topic)
    find_holes = hole_finder(settings, topic=topic)
    return Broker(found.begin_offsets, find_holes, found.pending_in_words), found


def records_sources(
    settings: Settings, report: Callable[[str], None]
) -> tuple[dict[str, RecordsSource], TopicFacts | None]:
    """Table of records -> who knows of it, and the first topic; None: the broker does not answer.

    `report` is told of topics whose broker does not answer.
    """
    first: TopicFacts | None = None
    sources = {}
    for topic, (table, *_) in tables_of_topics(settings).items():
        broker = NOT_ASKED
        try:
            broker, facts = broker_of(settings, topic)
            first = first or facts
        except TopicError as error:
            report(f"heads of partitions are not compared: {error}")
        load: LoadRecordsTruths = _no_truths
        if table in RECORDS_TRUTHS:
            load = RECORDS_TRUTHS[table](settings.paths.truth_dir)
        sources[table] = RecordsSource(broker, load)
    return sources, first


def verification(
    settings: Settings,
    trino: TrinoClient,
    sources: Mapping[str, RecordsSource],
    *,
    full: bool = False,
    **how: Any,  # noqa: ANN401 - fields of Verification
) -> Verification:
    """The proof of this lake; `sources` as `records_sources` gives them.

    `full`: everything is compared, whatever was proven before.
    """
    others = dict(sources)
    first = others.pop(BRONZE_EVENTS)
    reader = lake_reader(settings)
    return Verification(
        trino,
        partial(load_truth, settings.paths.truth_dir),
        partial(load_business_truth, settings.paths.truth_dir),
        broker=first.broker,
        others=others,
        read_law=lambda version: read_law(lease_connect(settings), version),
        proven=read_baseline(settings.paths.baseline_file),
        file_changes=None if full else reader.file_changes,
        overwritten=reader.overwritten_file,
        **how,
    )


def _no_truths() -> Sequence[RecordsTruth]:
    return ()


def audited_topics(settings: Settings) -> Iterator[AuditedTopic]:
    """Every topic that is read, with whom the audit of producers asks about it."""
    connect = lease_connect(settings)
    for topic, (table, *_) in tables_of_topics(settings).items():
        yield AuditedTopic(
            name=topic,
            table=table,
            look=partial(present_topic, settings, topic=topic),
            incarnations=source_incarnations(connect, topic),
            find_holes=hole_finder(settings, topic=topic),
        )


def counts_of_generator(settings: Settings) -> list[ProducerCount]:
    """What every run of the generator says was acknowledged, of any topic."""
    folder = settings.paths.truth_dir
    return [*counts_of_runs(load_truth(folder)), *counts_of_runs(load_business_truth(folder))]
