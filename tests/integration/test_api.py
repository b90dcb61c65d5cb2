"""Events over HTTP and from files on a real broker, which is paused and killed under them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from adlake.alerts.messages import notices_of
from adlake.business.contract import TYPES
from adlake.business.rules import admit
from adlake.devstack.services.api import Api
from adlake.devstack.services.kafka import Kafka
from adlake.devstack.services.ports import free_ports
from adlake.generator.business_truth import load_business_truth
from adlake.generator.truth import load_truth
from adlake.io.kafka.producer import partition_of, publish_all
from adlake.io.kafka.topic import topic_facts
from adlake.io.notify.channel import failed
from adlake.io.notify.topic import TopicChannel
from adlake.io.postgres.notifications import NotificationLog
from adlake.io.trino.client import direct_session
from adlake.proof.producer_audit import audit_producers
from adlake.proof.producer_counts import counts_of_runs
from adlake.settings import REPO_ROOT
from adlake.wiring.lake import lease_connect
from tests.fixtures.business.case import event
from tests.fixtures.business.truth import assert_business_truth_is_lawful
from tests.fixtures.generated_streams import assert_truth_is_lawful
from tests.fixtures.incident_rows import closed
from tests.fixtures.lake import Lake
from tests.fixtures.patience import wait_until
from tests.fixtures.published.rows import CUSTOMER_PAYLOAD
from tests.fixtures.topic_messages import messages

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ACK_SECONDS = "2"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("api") / "home"
    # Without Trino nothing can be read of the lake.
    given = {"API_KEY": "open-sesame", "RESET_CACHE_ON_START": "true"}
    lake = Lake(home, given | {"API_ACK_SECONDS": ACK_SECONDS})
    with lake.running(only=["postgres", "kafka", "api"]):
        yield lake


class Client:
    """Posts as a collector would."""

    def __init__(self, lake: Lake) -> None:
        self._http = direct_session()
        self._http.headers["X-Api-Key"] = "open-sesame"
        self._url = f"http://127.0.0.1:{lake.port_of('api')}"

    def post(self, events: object) -> requests.Response:
        return self._http.post(f"{self._url}/events", json=events, timeout=30)

    def ask(self, path: str) -> requests.Response:
        return self._http.post(f"{self._url}/{path}", timeout=30)

    def get(self, path: str) -> requests.Response:
        return self._http.get(f"{self._url}/{path}", timeout=30)


@pytest.fixture
def client(lake: Lake) -> Client:
    return Client(lake)


def click(name: str) -> dict[str, Any]:
    return {
        "event_id": name, "event_type": "CLICK", "event_timestamp": int(time.time()),
        "impression_id": f"of {name}",
    }  # fmt: skip


def names_in(lake: Lake) -> list[str]:
    return [json.loads(value)["event_id"] for _, value, *_ in messages(lake, "ad_events")]


def test_every_type_lies_on_its_topic_under_its_key(lake: Lake, client: Client) -> None:
    before_ms = int(time.time() * 1_000)
    business = [json.loads(event(kind)) for kind in TYPES]
    answer = client.post([click("c1"), *business])
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] == 1 + len(TYPES)
    [ad] = [one for one in messages(lake, "ad_events") if b'"c1"' in one[1]]
    key, value, partition, stamp_ms = ad
    assert (key, json.loads(value)["event_id"]) == (b"of c1", "c1")
    assert partition == partition_of(key, value, lake.settings().kafka.topic_partitions)
    assert before_ms <= stamp_ms <= time.time() * 1_000
    found = messages(lake, "business_events")
    assert sorted(json.loads(v)["event_type"] for _, v, *_ in found) == sorted(TYPES)
    for key, value, *_ in found:
        members = json.loads(value)
        assert members[TYPES[members["event_type"]].key].encode() == key


def test_a_refused_event_is_on_no_topic(lake: Lake, client: Client) -> None:
    answer = client.post([click("c2"), click("c3") | {"impression_id": ""}])
    assert answer.status_code == 207
    assert [one["reason"] for one in answer.json()["items"]] == [None, "MISSING_KEY"]
    names = names_in(lake)
    assert names.count("c2") == 1
    assert "c3" not in names


def test_the_topics_hold_what_the_generator_says_it_sent_over_the_api(lake: Lake) -> None:
    done = lake.adlake(
        "generate", "--via", "api", "--business", "--history", "1h", "--history-events", "4000",
        "--events", "4000",
    )  # fmt: skip
    assert "in total alone" in done.stdout
    (truth,), (business,) = (
        load(lake.home / "truth") for load in (load_truth, load_business_truth)
    )
    tag = truth.run_id.split("-")[2].encode()
    ads, others = (
        [(key, value, stamp) for key, value, _, stamp in messages(lake, topic) if tag in value]
        for topic in ("ad_events", "business_events")
    )
    assert truth.deliveries == len(ads) == 4_000
    assert_truth_is_lawful(truth, ads)
    assert business.deliveries == len(others) > 200
    assert_business_truth_is_lawful(business, others)
    assert (truth.resent_at_most, business.is_exact) == (0, True)
    counts = list(counts_of_runs([truth]))
    audit = audit_producers(
        counts, topic_facts(lake.settings().bootstrap_servers, "ad_events"), [], lambda _held: ()
    )
    assert audit.lost == ()
    assert audit.lines[-1].acknowledged == 4_000


def test_health_names_what_fails(client: Client) -> None:
    answer = client.get("health")
    assert answer.status_code == 503
    assert answer.json()["kafka"] == "ok"
    assert "make up" in answer.json()["trino"]


def test_a_paused_broker_is_told_and_what_was_sent_is_sent_again(
    lake: Lake, client: Client
) -> None:
    main = Kafka(lake.settings()).main_process()
    assert main is not None
    main.suspend()
    try:
        began = time.monotonic()
        answer = client.post(click("c4"))
        assert answer.status_code == 503
        assert "send all of them again" in answer.json()["detail"]
        assert time.monotonic() - began < float(ACK_SECONDS) + 3
    finally:
        main.resume()
    deadline = time.monotonic() + 60
    while (answer := client.post(click("c4"))).status_code != 202:
        assert answer.status_code == 503
        assert time.monotonic() < deadline
    assert names_in(lake).count("c4") >= 1


@pytest.mark.chaos
def test_after_a_broker_that_was_killed_came_back_it_goes_on(lake: Lake, client: Client) -> None:
    main = Kafka(lake.settings()).main_process()
    assert main is not None
    main.kill()
    psutil.wait_procs([main], timeout=20)
    assert client.post(click("c5")).status_code == 503
    assert "make up" in client.get("health").json()["kafka"]
    lake.stack().up(only=["kafka"])
    deadline = time.monotonic() + 90
    while client.post(click("c5")).status_code != 202:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert "c5" in names_in(lake)
    assert client.get("health").json()["kafka"] == "ok"


def test_no_key_no_trace_in_the_log(lake: Lake, client: Client) -> None:
    client._http.headers["X-Api-Key"] = "wrong"
    assert client.post(click("c6")).status_code == 401
    log = lake.log_of("api")
    assert "open-sesame" not in log
    assert "Traceback" not in log


def test_it_ends_when_it_is_told_to_and_starts_again(lake: Lake, client: Client) -> None:
    main = Api(lake.settings()).main_process()
    assert main is not None
    lake.stack().down(only=["api"])
    assert not main.is_running()
    assert lake.log_of("api").splitlines()[-1] == "the API has ended"
    lake.stack().up(only=["api"])
    assert client.get("live").status_code == 200


def test_a_file_is_sent_and_its_refused_events_are_told(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    events = [click("f1"), click("f2") | {"event_timestamp": 1}, {"event_type": "nothing"}]
    file.write_text("".join(json.dumps(one) + "\n" for one in events))
    done = lake.adlake("send", str(file), expected=1)
    assert done.stdout.splitlines() == [
        "event 2 (f2): BAD_TIMESTAMP TS_TOO_OLD",
        "event 3 (None): MISSING_KEY MISSING_EVENT_ID",
        "1 events sent, 2 refused",
    ]
    assert names_in(lake).count("f1") == 1
    assert "no such file" in lake.adlake("send", "nowhere.jsonl", expected=2).stderr.lower()


def test_topics_are_listed_and_their_newest_records_shown(lake: Lake, client: Client) -> None:
    for name in ("p1", "p2"):
        assert client.post(click(name)).status_code == 202
        time.sleep(0.01)
    listed = json.loads(lake.adlake("topics", "--format", "json").stdout)
    held = sum(one["offsets"] for one in listed if one["topic"] == "ad_events")
    assert held == len(messages(lake, "ad_events"))
    assert {one["topic"] for one in listed} == {
        "ad_events", "business_events", "campaign_updates", "kpi_alerts", "customer_360",
        "serving_status",
    }  # fmt: skip
    shown = json.loads(lake.adlake("peek", "ad_events", "--count", "2", "--format", "json").stdout)
    assert [json.loads(one["payload"])["event_id"] for one in shown] == ["p1", "p2"]
    assert [one["key"] for one in shown] == ["of p1", "of p2"]
    assert "does not exist" in lake.adlake("peek", "nothing", expected=1).stderr


def ingested(lake: Lake) -> dict[str, int]:
    """Path of each ingested file -> how many records it gave."""
    with lease_connect(lake.settings())() as connection:
        rows = connection.execute("SELECT path, row_count FROM adlake.ingested_files").fetchall()
    return dict(rows)


def test_a_folder_is_published_once_with_its_bad_lines_and_under_other_names_again(
    lake: Lake, tmp_path: Path
) -> None:
    bad = [b"no JSON \xff", b'{"event_type": "VIEW",  "event_id": "v1"}', b'["an array"]']
    array = [click("i2"), click("i3") | {"event_timestamp": 1}]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([json.dumps(click("i1")).encode(), *bad]))
    (tmp_path / "b.json").write_text(json.dumps(array))
    (tmp_path / "c.json").write_bytes(b'[{"broken": 1')
    (tmp_path / "d.json").symlink_to("nowhere")
    done = lake.adlake("ingest-files", str(tmp_path), expected=1)
    assert done.stdout.splitlines() == [
        f"{tmp_path}/a.jsonl: 4 records published", f"{tmp_path}/b.json: 2 records published",
        f"{tmp_path}/c.json: 1 records published",
        f"{tmp_path}/d.json: not taken: No such file or directory",
        "3 files published (7 records), 0 skipped, 1 not taken",
    ]  # fmt: skip
    keyed = {value: key for key, value, *_ in messages(lake, "ad_events")}
    assert keyed[json.dumps(array[1]).encode()] == b"of i3"
    business = {value: (key, stamp) for key, value, _, stamp in messages(lake, "business_events")}
    reasons = [str(admit(one, *business[one]).reason) for one in (*bad, b'[{"broken": 1')]
    assert reasons == ["MALFORMED_JSON", "MISSING_KEY", "MALFORMED_JSON", "MALFORMED_JSON"]
    assert {business[one][0] for one in bad} == {None}

    (tmp_path / "d.json").unlink()
    (tmp_path / "a.jsonl").rename(tmp_path / "e.jsonl")
    done = lake.adlake("ingest-files", str(tmp_path))
    assert done.stdout.splitlines()[-1] == "1 files published (4 records), 2 skipped, 0 not taken"
    assert [names_in(lake).count(one) for one in ("i1", "i2", "i3")] == [2, 1, 1]
    assert {Path(path).name: count for path, count in ingested(lake).items()} == {
        "a.jsonl": 4, "b.json": 2, "c.json": 1, "e.jsonl": 4,
    }  # fmt: skip


def test_without_a_broker_no_file_is_recorded(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "away.jsonl").write_text(json.dumps(click("i4")))
    [closed] = free_ports(1)
    away = Lake(lake.home, lake.extra | {"KAFKA_BOOTSTRAP": f"127.0.0.1:{closed}"})
    away.environment = lake.environment
    done = away.adlake("ingest-files", str(tmp_path), expected=1)
    assert "no Kafka broker answers" in done.stderr
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "away.jsonl") not in ingested(lake)


def test_a_watched_folder_gives_its_files_until_the_command_is_ended(
    lake: Lake, tmp_path: Path
) -> None:
    command = ["-m", "adlake.cli", "ingest-files", str(tmp_path), "--watch", "--every", "0.2"]
    with subprocess.Popen(
        [sys.executable, *command], cwd=REPO_ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, **lake.settings().as_environment()},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        (tmp_path / "w.jsonl").write_text(json.dumps(click("i5")))
        assert process.stdout.readline() == f"{tmp_path}/w.jsonl: 1 records published\n"
        assert "i5" in names_in(lake)
        process.terminate()
        said, trouble = process.communicate(timeout=10)
    assert said == "1 files published (1 records), 0 skipped, 0 not taken\n"
    assert (process.returncode, trouble) == (0, "")


def test_a_transition_lies_on_its_topic_to_the_byte(lake: Lake) -> None:
    opened, resolved = notices_of(closed(incident_id="k3"))
    for _ in range(2):  # a process that was killed before it wrote down what it sent
        channel = TopicChannel(lake.settings().bootstrap_servers, "kpi_alerts")
        assert all(channel.tell(one).is_sent for one in (opened, resolved))
        channel.close()
    found = [one for one in messages(lake, "kpi_alerts") if one[0] == b"k3"]
    assert len({partition for *_, partition, _ in found}) == 1
    assert [(value, stamp_ms) for _, value, _, stamp_ms in found] == [
        (one.payload, int(one.at.timestamp() * 1_000)) for one in (opened, resolved)
    ] * 2


def test_a_customer_of_the_topic_is_at_hand_and_a_post_is_pending_until_its_row_is_as_new(
    lake: Lake, client: Client
) -> None:
    def tell(payload: str) -> None:
        publish_all(
            lake.settings().bootstrap_servers, "customer_360", [(b"u1", payload.encode(), 1)]
        )

    def told() -> dict[str, Any]:
        answer = client.get("customers/u1")
        return dict(answer.json()) if answer.status_code == 200 else {}

    tell(CUSTOMER_PAYLOAD)
    wait_until(told, 20, otherwise="the record was not taken")
    row = told()
    assert (row["source"], row["order_count"], row["name"], row["pending"]) == (
        "cache", 2, None, [],
    )  # fmt: skip
    assert client.ask("customers/u1/orders").status_code == 202
    [posted] = told()["pending"]
    stamps = [
        one[3] for one in messages(lake, "business_events") if posted["event_id"] in str(one[1])
    ]
    [stamp_ms] = stamps
    at = datetime.fromisoformat(posted["acknowledged_at"])
    assert int(at.timestamp() * 1_000) == stamp_ms
    newer = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1_000:03d}Z"
    tell(CUSTOMER_PAYLOAD.replace("2026-03-02T10:06:00.000Z", newer))
    wait_until(lambda: not told()["pending"], 20, otherwise="it stayed pending")


def test_a_test_message_goes_over_the_api_and_the_command(lake: Lake, client: Client) -> None:
    answer = client.ask("alerts/test-message?channel=kafka")
    assert answer.status_code == 200, answer.text
    assert [(one["channel"], one["state"]) for one in answer.json()] == [("kafka", "SENT")]
    assert client.ask("alerts/test-message?channel=slack").status_code == 422
    said = lake.adlake("alerts", "test-message").stdout
    assert said == "kafka: SENT\n"
    sent = [json.loads(value) for _, value, *_ in messages(lake, "kpi_alerts")]
    assert len([one for one in sent if one["transition"] == "test"]) == 2


def test_a_notification_that_was_given_up_is_told(lake: Lake, client: Client) -> None:
    assert client.get("alerts/notifications").json() == []
    [notice, *_] = notices_of(closed(incident_id="given up"))
    with NotificationLog(lease_connect(lake.settings())).alone("email") as known:
        assert known is not None
        refusal = failed("answered 554", 554, may_pass_later=False)
        known.record(notice, refusal, is_final=True)
    [told] = client.get("alerts/notifications").json()
    assert [told[name] for name in ("incident_id", "channel", "transition", "response_code")] == [
        "given up", "email", notice.transition, 554,
    ]  # fmt: skip
    assert client.get("alerts/notifications?is_final=false").json() == []


def test_without_trino_the_api_says_once_that_notifications_wait(lake: Lake) -> None:
    assert lake.log_of("api").count("notifications wait: no Trino answers") == 1
