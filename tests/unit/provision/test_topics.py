"""Topics are provisioned, and pipelines run, as the map says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adlake import flow
from adlake.contracts.law import LAW_V1
from adlake.contracts.registry import BUSINESS, SPECS, Filling
from adlake.devstack.services.kafka import Kafka
from adlake.flow import FLOW, Kind, Store
from adlake.provision import topics
from adlake.settings import Settings, SettingsError
from adlake.wiring.application import pipelines_of
from adlake.wiring.topics import tables_of_topics

RENAMED = Settings({"ADLAKE_TOPIC": "ads", "ADLAKE_BUSINESS_TOPIC": "deals"})
ADS_ALONE = Settings({"ADLAKE_BUSINESS_TOPIC": ""})


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the topics that a broker was asked for."""
    names: list[str] = []

    def ensure(_brokers: object, _shape: object, topic: str, **_: bool) -> bool:
        names.append(topic)
        return True

    monkeypatch.setattr(topics, "ensure_topic", ensure)
    return names


def test_a_topic_of_the_map_is_provisioned_by_its_name_at_the_broker(made: list[str]) -> None:
    assert list(topics.ensure_topics(RENAMED))[:2] == [("ads", True), ("deals", True)]
    assert made[:2] == ["ads", "deals"]
    assert len(made) == len(flow.topics())


def test_a_topic_that_is_switched_off_is_not_provisioned(made: list[str]) -> None:
    list(topics.ensure_topics(ADS_ALONE))
    assert made == [one for one in flow.topics() if one != "business_events"]


def test_the_broker_of_the_stack_gets_the_topics_of_the_map(
    made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Kafka.__new__(Kafka)
    broker.settings = RENAMED
    broker.after_ready()
    assert made[:2] == ["ads", "deals"]
    monkeypatch.setattr(flow, "topics", lambda: ("business_events",))
    made.clear()
    broker.after_ready()
    assert made == ["deals"], "the map alone says which"


def test_a_topic_that_no_setting_names_cannot_be_provisioned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = (replace(FLOW[0], writes=(Store(Kind.TOPIC, "clicks"),)), *FLOW[1:])
    wanted = flow.topics(sent)
    monkeypatch.setattr(flow, "topics", lambda: wanted)
    with pytest.raises(KeyError, match="clicks"):
        topics.topics_of(RENAMED)


def test_the_pipelines_of_the_map_run_and_their_tables_are_waited_for() -> None:
    for settings, missing in ((RENAMED, ""), (ADS_ALONE, BUSINESS)):
        running = pipelines_of(settings, lambda _version: LAW_V1)
        assert [one.name for one in running] == [
            step.pipeline for step in flow.pipelines().values() if step.pipeline != missing
        ]
        tables = tables_of_topics(settings)
        assert list(tables) == [one.topic for one in running]
        assert [tables[one.topic][0] for one in running] == [one.records_table for one in running]


def test_every_table_of_records_or_derived_from_them_is_waited_for() -> None:
    waited = {table for tables in tables_of_topics(RENAMED).values() for table in tables}
    assert waited == {
        spec.name for spec in SPECS if spec.filling in {Filling.APPEND, Filling.MERGE, Filling.SUMS}
    }


def test_the_topic_of_ad_events_cannot_be_switched_off() -> None:
    with pytest.raises(SettingsError, match="ADLAKE_TOPIC"):
        Settings({"ADLAKE_TOPIC": ""})
