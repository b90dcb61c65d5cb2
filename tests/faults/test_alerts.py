"""Alerts of a whole stack: each fault is put in for real, fires through Alertmanager, and is over.

Waits and ranges of the rules are twenty times shorter (ADLAKE_ALERT_PACE), thresholds as written.
What needs hours or a machine's memory is fired by tests/integration/test_alerts.py alone.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from adlake.contracts.tables import BRONZE_EVENTS, CATALOG
from adlake.devstack.services.http import fetch
from adlake.io.kafka.producer import Record, publish_all
from adlake.io.spark.session import build_session, connect_catalog
from adlake.wiring.lake import lease_connect
from adlake.wiring.spark import catalog_access
from tests.fixtures.alerting import Webhook, webhook
from tests.fixtures.drill.chronicle import Chronicle
from tests.fixtures.drill.disk import small_disk
from tests.fixtures.drill.lake import QUICK, kill_service, signal_all, wait_for_free_port
from tests.fixtures.lake import Lake
from tests.fixtures.sessions import resources_of

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

SERVICES = ("postgres", "kafka", "stream", "prometheus", "alertmanager")
SECONDS = 420.0
"""For an alert to come, and to be over, on a machine that does other things too."""
DISK_MEGABYTES, BALLAST_BYTES = 5_100, 420_000_000
"""Free space above what DiskLow wants, and below it with the ballast."""


@pytest.fixture(scope="module")
def told() -> Iterator[Webhook]:
    with webhook() as one:
        yield one


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small_disk(tmp_path_factory.mktemp("alerts") / "disk", DISK_MEGABYTES) as folder:
        yield folder


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, told: Webhook, disk: Path) -> Iterator[Lake]:
    """A stack that is watched, with traffic that is healthy."""
    chosen = QUICK | {
        "MAX_OFFSETS_PER_TRIGGER": "20000", "LEDGER_EVERY_BATCHES": "1", "SCRAPE_SECONDS": "1",
        "ALERT_PACE": "0.05", "ALERT_WEBHOOK_URL": told.url, "WAREHOUSE": f"file://{disk}/warehouse",
    }  # fmt: skip
    with Lake(tmp_path_factory.mktemp("watched") / "home", chosen).running(only=SERVICES) as one:
        yield one


def impression(event_id: str, impression_id: str, kind: str = "IMPRESSION") -> Record:
    now_ms = int(time.time() * 1_000)
    money = {"bid_price": 0.5} if kind == "IMPRESSION" else {}
    body = {
        "event_id": event_id, "event_type": kind, "event_timestamp": now_ms, "campaign_id": "c1",
        "impression_id": impression_id, "user_id": "u1", "geo_country": "DE", "platform": "web",
        **money,
    }  # fmt: skip
    return impression_id.encode(), json.dumps(body).encode(), now_ms


def healthy(number: str) -> list[Record]:
    """A hundred impressions with ids that tell their time."""
    now = time.time()
    day, ms_of_day = time.strftime("%Y%m%d", time.gmtime(now)), int(now * 1_000) % 86_400_000
    return [
        impression(f"e{number}-{n}", f"imp-{day}-{ms_of_day:07x}{number}{n}") for n in range(100)
    ]


def poisoned(number: str) -> list[Record]:
    """Impressions without a time in their ids; repeats, ids used again, rubbish, a crowded id."""
    untimed = [impression(f"u{number}-{n}", str(uuid.uuid4())) for n in range(200)]
    repeats = [record for record in untimed[:30] for _ in range(2)]
    again = [impression(f"again-{number}-{n // 2}", str(uuid.uuid4())) for n in range(40)]
    rubbish = [(b"k", b"{not json", int(time.time() * 1_000)) for _ in range(60)]
    crowd = [impression(f"c{number}-{n}", "undefined", "CLICK") for n in range(30)]
    return [*untimed, *repeats, *again, *rubbish, *crowd]


@contextmanager
def traffic(lake: Lake, make: Callable[[str], list[Record]] = healthy) -> Iterator[None]:
    """Send what `make` gives, once a second, as long as the block runs."""
    settings, over, numbers = lake.settings(), threading.Event(), itertools.count()

    def send() -> None:
        while not over.wait(1.0):
            with suppress(Exception):  # the broker may be away: that is the drill
                records = make(f"{time.time_ns()}{next(numbers)}")
                publish_all(settings.bootstrap_servers, settings.kafka.topic, records)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=60)


def note(
    chronicle: Chronicle, what: str, alerts: tuple[str, ...], began: float, fired: float
) -> None:
    chronicle.add(
        "alerts", what, alerts=", ".join(alerts), seconds_to_fire=round(fired),
        seconds_until_resolved=round(time.monotonic() - began),
    )  # fmt: skip


def test_alerts_bad_traffic_is_told_by_its_kind(
    lake: Lake, told: Webhook, chronicle: Chronicle
) -> None:
    alerts = (
        "RejectedShareHigh", "DuplicateShareHigh", "ReusedEventIds", "UntimedIds",
        "CrowdedImpression",
    )  # fmt: skip
    with traffic(lake):
        time.sleep(30)
        assert not [one for one in alerts if one in told.states], "healthy traffic fires none"
    began = time.monotonic()
    with traffic(lake, poisoned):
        told.wait_for("firing", *alerts, seconds=SECONDS)
    fired = time.monotonic() - began
    with traffic(lake):
        told.wait_for("resolved", *alerts, seconds=SECONDS)
    note(chronicle, "bad traffic of five kinds", alerts, began, fired)


def test_alerts_a_frozen_driver_is_told_in_four_ways(
    lake: Lake, told: Webhook, chronicle: Chronicle
) -> None:
    alerts = ("StreamStalled", "TableStale", "LagTooLong", "OperationHangs", "ProbeSilent")
    [stream] = lake.stack().services(["stream"])
    jvm = [one for one in stream.processes() if one.name() == "java"]
    assert jvm
    with traffic(lake):
        began = time.monotonic()
        signal_all(jvm, signal.SIGSTOP)
        try:
            ask_long_ago(lake)
            told.wait_for("firing", *alerts, seconds=SECONDS)
            fired = time.monotonic() - began
        finally:
            signal_all(jvm, signal.SIGCONT)
        told.wait_for("resolved", *alerts, seconds=SECONDS)
    note(chronicle, "Spark's JVM frozen, with an old request open", alerts, began, fired)


def ask_long_ago(lake: Lake) -> None:
    """A request that nobody took for a quarter of an hour."""
    with lease_connect(lake.settings())() as connection:
        connection.execute(
            "INSERT INTO adlake.operations (kind, arguments, requested_by, requested_at) "
            "VALUES ('drill', '{}', 'drill', clock_timestamp() - interval '15 minutes')"
        )


def test_alerts_a_frozen_broker_is_a_silent_probe(
    lake: Lake, told: Webhook, chronicle: Chronicle
) -> None:
    [kafka] = lake.stack().services(["kafka"])
    began = time.monotonic()
    signal_all(kafka.processes(), signal.SIGSTOP)
    try:
        told.wait_for("firing", "ProbeSilent", seconds=SECONDS)
        fired = time.monotonic() - began
        assert "broker" in told.annotations_of("ProbeSilent")["summary"]
    finally:
        signal_all(kafka.processes(), signal.SIGCONT)
    told.wait_for("resolved", "ProbeSilent", seconds=SECONDS)
    note(chronicle, "broker frozen", ("ProbeSilent",), began, fired)


def test_alerts_a_full_disk_is_told_before_it_is_full(
    lake: Lake, told: Webhook, chronicle: Chronicle, disk: Path
) -> None:
    alerts, began, ballast = ("DiskLow", "DiskFills"), time.monotonic(), disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
    told.wait_for("firing", *alerts, seconds=SECONDS)
    fired = time.monotonic() - began
    ballast.unlink()
    told.wait_for("resolved", *alerts, seconds=SECONDS)
    note(chronicle, "400 MB of a small disk taken", alerts, began, fired)


def test_alerts_no_room_at_all_makes_batches_fail(
    lake: Lake, told: Webhook, chronicle: Chronicle, disk: Path
) -> None:
    began, ballast = time.monotonic(), disk / "ballast"
    with traffic(lake):
        fill(ballast)
        told.wait_for("firing", "BatchesFail", seconds=SECONDS)
        fired = time.monotonic() - began
        ballast.unlink()
        # After four attempts in a row the driver has ended.
        lake.stack().up(only=SERVICES)
        told.wait_for("resolved", "BatchesFail", seconds=SECONDS)
    note(chronicle, "no room on the disk of the warehouse", ("BatchesFail",), began, fired)


def fill(ballast: Path) -> None:
    """Take what is free, in smaller and smaller pieces."""
    with ballast.open("wb", buffering=0) as file:
        for piece in (2**20, 2**12):
            with suppress(OSError):
                while True:
                    file.write(bytes(piece))


def test_alerts_a_stream_that_ends_again_and_again_is_told(
    lake: Lake, told: Webhook, chronicle: Chronicle
) -> None:
    alerts, began = ("StreamDown", "RestartsOften"), time.monotonic()
    for _ in range(3):
        kill_service(lake, "stream")
        wait_for_free_port(lake)
        stream = lake.stream()
        stream._launch()
        deadline = time.monotonic() + 60
        while not told_by(stream.settings.ports.metrics_port):
            assert time.monotonic() < deadline, stream.last_log_lines()
            time.sleep(0.2)
        time.sleep(3)  # scraped
    told.wait_for("firing", "RestartsOften", seconds=SECONDS)
    lake.stack().down(only=["stream"])
    told.wait_for("firing", "StreamDown", seconds=SECONDS)
    fired = time.monotonic() - began
    wait_for_free_port(lake)
    lake.stack().up(only=["stream"])
    told.wait_for("resolved", *alerts, seconds=SECONDS)
    note(chronicle, "driver killed three times, then stopped", alerts, began, fired)


def told_by(port: int) -> bool:
    return b"adlake_build_info" in (fetch(f"http://127.0.0.1:{port}/metrics") or b"")


def test_alerts_a_row_put_into_bronze_by_hand_is_a_completeness_gap(
    lake: Lake, told: Webhook, chronicle: Chronicle
) -> None:
    began = time.monotonic()
    lake.stack().down(only=["stream"])
    session = build_session("drill", resources_of("1g"))
    try:
        connect_catalog(session, catalog_access(lake.settings()))
        table = f"{CATALOG}.{BRONZE_EVENTS}"
        session.sql(f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1")
    finally:
        session.stop()
    with traffic(lake):
        lake.stack().up(only=["stream"])
        told.wait_for("firing", "CompletenessGap", seconds=SECONDS)
        fired = time.monotonic() - began
        told.wait_for("resolved", "CompletenessGap", seconds=SECONDS)
    note(chronicle, "a row put into Bronze by hand", ("CompletenessGap",), began, fired)
