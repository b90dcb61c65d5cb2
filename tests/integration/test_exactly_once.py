"""The whole path, with every fault in the traffic and the driver killed where it hurts most.

All tests share one lake. What commands say while it is empty is asked first; then the fixture
`proven` fills and proves it. What they saw is kept, so that each test stands alone, in any order.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from adlake.contracts.tables import GOLD_STATE
from adlake.settings import REPO_ROOT
from tests.fixtures.business.lake import assert_business_events_are_exact
from tests.fixtures.drill.lake import produce, prove, run_into, wait_for_free_port
from tests.fixtures.lake import SERVERS, Lake
from tests.fixtures.log_noise import noise_of
from tests.fixtures.operator_sql import damaged
from tests.fixtures.processes import arguments_of
from tests.fixtures.servers.served import served_lake

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

JOB = "attribution_streaming_job.py"
JOB_LOG = "spark-submit"
KILLS = (
    "bronze.after_commit=kill9python", "gold.after_append=kill9",
    "business:bronze.after_commit=kill9jvm",
)  # fmt: skip
"""Place and victim: the JVM, its Python, or both. Between two tables, and mid-batch; the last one
in a batch of business events. The kill matrix (tests/faults/test_kills.py) has every place. The
first one is put into the first traffic, all three in a row only by `make chaos`: each costs two
cold starts."""


NEED_TABLES = (("query", "roas"), ("explain", "imp-1"), ("quarantine", "list"))
"""Commands that fail without tables."""


@dataclass(frozen=True)
class Proven:
    """What was seen when the first traffic, with every fault and a kill in it, had been proven."""

    verify: str
    behind: str
    """What `adlake wait` said between the kill and the repair."""
    logs: dict[str, str]
    """Service -> its log, when the stream had just been stopped."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with served_lake(
        tmp_path_factory.mktemp("exactly-once") / "home",
        MAX_OFFSETS_PER_TRIGGER="6000",
        TRIGGER_SECONDS="1",
        COMPACT_EVERY_BATCHES="2",
        EXPIRE_EVERY_BATCHES="2",
    ) as one:
        yield one


@pytest.fixture(scope="module")
def said_when_empty(servers: Lake) -> dict[str, str]:
    """Command -> what it says where no stream has ever run and no record was sent."""
    fine = {("wait", "--timeout", "0"), ("producers",), ("source", "show")}
    asked = (*fine, ("verify",), *NEED_TABLES)
    done = {one: servers.adlake(*one, expected=0 if one in fine else 1) for one in asked}
    return {" ".join(one): told.stdout + told.stderr for one, told in done.items()}


@pytest.fixture(scope="module")
def proven(servers: Lake, said_when_empty: dict[str, str]) -> Proven:
    """The first traffic in Gold, proven: its driver was killed, and one by hand repaired that."""
    assert said_when_empty, "nobody can ask it any more"
    produce(servers, 7_000, seed=1)
    run_into(servers, f"{KILLS[0]}@batch0", MAX_OFFSETS_PER_TRIGGER="1500")
    behind = servers.adlake("wait", "--timeout", "0", expected=1)
    proof = proven_by_the_job(servers)
    logs = {name: servers.log_of(name) for name in (*SERVERS, JOB_LOG)}
    return Proven(proof, behind.stderr, logs)


@pytest.fixture
def lake(servers: Lake, proven: Proven) -> Lake:
    """The lake with its first traffic; other tests may have brought it further."""
    assert "PROVEN" in proven.verify
    return servers


def test_an_empty_lake_says_everywhere_that_it_is_empty(said_when_empty: dict[str, str]) -> None:
    """There is no table, and nothing to put into one."""
    assert "nothing to wait for" in said_when_empty["wait --timeout 0"]
    proof = said_when_empty["verify"]
    assert "nothing to prove: Gold is empty, topic ad_events is empty too: send events" in proof
    assert "adlake wait" not in proof
    assert "nothing is missing" in said_when_empty["producers"]
    assert "the stream can go on" in said_when_empty["source show"]
    for command in NEED_TABLES:
        failed = said_when_empty[" ".join(command)]
        assert "If the lake is new: the stream makes the tables" in failed
        assert "Traceback" not in failed


def test_gold_is_proven_when_every_fault_and_a_kill_is_in_the_traffic(proven: Proven) -> None:
    assert "still misses" in proven.behind
    for reason in ("MALFORMED_JSON", "MISSING_KEY", "NEGATIVE_VALUE", "FUTURE_TIMESTAMP"):
        assert reason in proven.verify


def test_the_logs_of_the_servers_hold_no_trace_and_no_warning_twice(proven: Proven) -> None:
    """Those of the job are Spark's own; the stream's are looked at in tests/browser."""
    assert "compacted " in proven.logs[JOB_LOG]
    noise = {name: noise_of(proven.logs[name]) for name in SERVERS}
    assert not any(noise.values()), noise


@pytest.mark.chaos
def test_verify_names_the_row_when_one_cent_was_moved(lake: Lake) -> None:
    with lake.trino() as client:
        [[victim]] = client.rows(
            "SELECT impression_id FROM gold.ad_performance_state WHERE is_converted "
            "ORDER BY impression_id LIMIT 1"
        )
    move = (
        f"UPDATE lakehouse.{GOLD_STATE} SET revenue = revenue + 0.01 "
        f"WHERE impression_id = '{victim}'"
    )
    with damaged(lake.settings(), GOLD_STATE, move):
        explained = json.loads(lake.adlake("explain", victim, "--json").stdout)
        assert explained["differences"] == ["revenue"]
        corrupt = lake.adlake("verify", expected=1)
        assert victim in corrupt.stdout + corrupt.stderr
        assert "revenue" in corrupt.stdout + corrupt.stderr
    explained = json.loads(lake.adlake("explain", victim, "--json").stdout)
    assert explained["differences"] == []
    assert "ATTRIBUTED" in {event["disposition"] for event in explained["events"]}


@pytest.mark.chaos
def test_gold_built_again_from_bronze_has_the_same_hash(lake: Lake) -> None:
    replayed_by = lake.adlake("replay")
    shown = replayed_by.stdout
    for word in ("WARN", "loading settings", "log4j", "NativeCodeLoader", "incubator"):
        assert word not in replayed_by.stderr, "Spark's own lines reach the terminal"
    live, replayed = [line.split()[-1] for line in shown.splitlines() if "sha256" in line]
    assert live == replayed
    assert "0 campaigns and days differ" in shown


@pytest.mark.chaos
def test_gold_is_proven_after_kills_in_a_row(lake: Lake) -> None:
    """Each driver repairs what the one before it left, and dies at the next place."""
    produce(lake, 8_000, seed=88)
    for kill in KILLS:
        run_into(lake, f"{kill}@batch0", MAX_OFFSETS_PER_TRIGGER="1500")
    behind = lake.adlake("wait", "--timeout", "0", expected=1)
    assert "still misses" in behind.stderr
    proven_by_the_job(lake)


def test_business_events_are_exact(lake: Lake) -> None:
    with lake.trino() as client:
        assert assert_business_events_are_exact(lake, client) > 1_000


def proven_by_the_job(lake: Lake) -> str:
    """What `adlake verify` says once the job of spark-submit has read all; the job is stopped."""
    wait_for_free_port(lake)
    with spark_submit(lake) as job:
        proof = prove(lake)
        assert job.poll() is None
        assert no_process_shows(lake, psutil.Process(job.pid))
        for process in psutil.Process(job.pid).children(recursive=True):
            if JOB in " ".join(arguments_of(process)[:5]):
                process.send_signal(signal.SIGTERM)
        job.wait(timeout=30)
    return proof


@contextmanager
def spark_submit(lake: Lake) -> Iterator[subprocess.Popen[bytes]]:
    """The stream as a person starts it who knows Spark and not `adlake`; its log has no trace."""
    environment = {**os.environ, **lake.settings().as_environment()}
    environment["JAVA_HOME"] = str(lake.stack().installation.jdk.home)
    environment["PYSPARK_PYTHON"] = sys.executable
    program = str(Path(sys.executable).with_name("spark-submit"))
    log = lake.home / "logs" / f"{JOB_LOG}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [program, "--driver-memory", "2g", f"src/jobs/{JOB}"],
            env=environment, cwd=REPO_ROOT, stdout=output, stderr=output,
        ) as job,
    ):  # fmt: skip
        try:
            yield job
        except BaseException:
            sys.stderr.write(log.read_text(errors="replace"))
            raise
        finally:
            job.kill()
    assert "Traceback" not in log.read_text()


def no_process_shows(lake: Lake, job: psutil.Process) -> bool:
    """No argument vector and no log holds the password of the catalog."""
    password = lake.settings().catalog_password().get_secret_value()
    running = [job, *job.children(recursive=True)]
    running += [one for service in lake.stack().services() for one in service.processes()]
    shown = [" ".join(arguments) for one in running if (arguments := arguments_of(one))]
    shown += [file.read_text(errors="replace") for file in (lake.home / "logs").iterdir()]
    shown += [lake.log_of(name) for name in SERVERS]
    assert len(password) > 10
    assert len(shown) > 5
    return not any(password in text for text in shown)


def test_queries_and_proof_speak_of_the_same_lake(lake: Lake) -> None:
    answer = json.loads(lake.adlake("query", "roas", "--format", "json").stdout)
    assert float(answer[0]["roas"]) > 0
