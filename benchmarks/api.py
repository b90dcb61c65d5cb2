"""What the HTTP API takes: single posts, and batches of a hundred, at a steady rate and flat out.

All services of `make up` run beside it with the default traffic, and the client on the same
machine. Each post is answered after the broker has acknowledged it. Writes
benchmarks/reports/api.json.

    .venv/bin/python benchmarks/api.py --seconds 60
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adlake.devstack.stack import Stack
from adlake.settings import REPO_ROOT
from benchmarks.canary import percentile
from benchmarks.own_stack import adlake, own_stack
from tests.fixtures.machine import machine_facts

REPORT = REPO_ROOT / "benchmarks" / "reports" / "api.json"
CONNECTIONS = 32
SINGLE_RATE, BATCH_RATE, BATCH = 1_000, 5_000, 100
"""Posts a second of one event each; events a second in batches."""


@dataclass
class Load:
    """What a client saw of one kind of posts."""

    waited: list[float] = field(default_factory=list)
    refused: int = 0
    posts: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each kind")
    parser.add_argument("--report", type=Path, default=REPORT)
    arguments = parser.parse_args()
    with own_stack(without=["prometheus", "alertmanager"]) as stack:
        adlake(stack.settings, "wait", "--timeout", "300")
        kinds = {
            "single": measured(stack, 1, SINGLE_RATE, arguments.seconds),
            "batches": measured(stack, BATCH, BATCH_RATE, arguments.seconds),
            "single_flat_out": measured(stack, 1, None, arguments.seconds / 2),
        }
        adlake(stack.settings, "wait", "--timeout", "600")
        count = "SELECT count(*) AS events FROM bronze.ad_events WHERE event_id LIKE 'api-%'"
        [stored] = json.loads(adlake(stack.settings, "sql", count, "--format", "json"))
    posted_events = sum(kind["posts"] * kind["events_a_post"] for kind in kinds.values())
    report = {
        "what": f"POST /events by {CONNECTIONS} connections of one client beside `make up` with "
        "its default traffic; seconds from the post to its answer, after the broker's",
        "machine": machine_facts(),
        "load_average": round(os.getloadavg()[0], 1),
        **kinds,
        "events_posted": posted_events,
        "events_in_bronze": int(stored["events"]),
        "verdict": {
            "a_thousand_posts_a_second": is_kept_up(kinds["single"], SINGLE_RATE),
            "five_thousand_events_in_batches": is_kept_up(kinds["batches"], BATCH_RATE),
            "each_accepted_event_is_in_bronze_once": int(stored["events"]) == posted_events,
        },
    }
    arguments.report.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))
    return 0 if all(report["verdict"].values()) else 1


def is_kept_up(kind: dict[str, Any], rate: float) -> bool:
    return bool(kind["refused"] == 0 and kind["events_per_second"] >= 0.98 * rate)


def measured(stack: Stack, size: int, rate: float | None, seconds: float) -> dict[str, Any]:
    """`rate` in events a second; None: as fast as answers come."""
    [service] = stack.services(["api"])
    processes = service.processes()

    def used() -> float:
        return sum(sum(one.cpu_times()[:2]) for one in processes)

    before, began = used(), time.monotonic()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        load = runner.run(posted(stack.settings.ports.api_port, size, rate, seconds))
    took = time.monotonic() - began
    return {
        "events_a_post": size,
        "events_per_second": round(load.posts * size / took, 1),
        "posts": load.posts,
        "refused": load.refused,
        "seconds_to_answer": waits(load.waited),
        "cores_of_the_api": round((used() - before) / took, 2),
        "mib_of_the_api": round(sum(one.memory_info().rss for one in processes) / 2**20),
    }


def waits(waited: list[float]) -> dict[str, float]:
    """Seconds that posts waited for their answers."""
    return {f"p{p}": round(percentile(waited, p / 100), 4) for p in (50, 95, 99)}


async def posted(port: int, size: int, rate: float | None, seconds: float) -> Load:
    load, ends = Load(), time.monotonic() + seconds
    pause = 0.0 if rate is None else CONNECTIONS * size / rate
    await asyncio.gather(
        *(poster(port, maker(number, size), pause, ends, load) for number in range(CONNECTIONS))
    )
    return load


async def poster(
    port: int, make: Callable[[], bytes], pause: float, ends: float, load: Load
) -> None:
    """One connection that posts every `pause` seconds, and catches up after slow answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    due = time.monotonic() + pause * random.random()
    while time.monotonic() < ends:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due = max(due + pause, time.monotonic() - 10 * pause)
        body = make()
        began = time.monotonic()
        head = (
            f"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        writer.write(head + body)
        load.refused += await answered(reader) != 202
        load.waited.append(time.monotonic() - began)
        load.posts += 1
    writer.close()
    await writer.wait_closed()


async def answered(reader: asyncio.StreamReader) -> int:
    """The code of the next answer, which is read to its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next(
        int(line.partition(":")[2])
        for line in head.splitlines()
        if line.lower().startswith("content-length:")
    )
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])


def maker(number: int, size: int) -> Callable[[], bytes]:
    """Bodies of impressions with ids that no other connection has."""
    count, day = 0, time.strftime("%Y%m%d", time.gmtime())

    def make() -> bytes:
        nonlocal count
        events = []
        for _ in range(size):
            count += 1
            name = f"{os.getpid()}-{number}-{size}-{time.monotonic_ns()}-{count}"
            events.append(
                {
                    "event_id": f"api-{name}", "event_type": "IMPRESSION",
                    "event_timestamp": int(time.time() * 1_000),
                    "impression_id": f"imp-{day}-{name}", "campaign_id": "cmp_101",
                    "creative_id": "cr_1", "user_id": f"u-{count % 10_000}", "bid_price": 0.0123,
                    "geo_country": "US", "platform": "ios",
                }
            )  # fmt: skip
        return json.dumps(events if size > 1 else events[0]).encode()

    return make


if __name__ == "__main__":
    sys.exit(main())
