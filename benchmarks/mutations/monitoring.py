"""Metrics that lie, and alerts that nobody hears."""

from __future__ import annotations

from benchmarks.mutations.mutation import Mutation

METERS = "tests/unit/io/test_meters.py"
METERING = "tests/unit/streaming/test_metering.py"
PROBES = "tests/unit/streaming/test_probes.py"
RULES = "tests/unit/monitoring/test_alert_rules.py"
WATCHING = "tests/unit/devstack/test_watching.py"
FILE = "infra/prometheus/alerts.yml"

MONITORING: tuple[Mutation, ...] = (
    Mutation(
        "an old answer is told as if it were new", "adlake.io.prometheus.meters:_Answers.collect",
        "if now < answer.until", "if answer.samples", METERS,
    ),
    Mutation(
        "a question that is not answered keeps its last numbers",
        "adlake.streaming.probes:Probes._run",
        "self._meters.no_answer(name)", "pass", PROBES,
    ),
    Mutation(
        "lag is the length of the topic",
        "adlake.streaming.probes:lag",
        "max(0, end - contained)", "end", PROBES,
    ),
    Mutation(
        "a new holder of a lease inherits the time of the one before",
        "adlake.streaming.probes:Control.__call__",
        "held = {(one.lease_name, one.generation) for one in state.leases if one.is_held}",
        "held = {(one.lease_name, 0) for one in state.leases if one.is_held}", PROBES,
    ),
    Mutation(
        "rejected records count as admitted", "adlake.streaming.metering:BatchMeters.batch_done",
        "facts.rows - facts.rejected", "facts.rows", METERING,
    ),
    Mutation(
        "latency is that of the youngest events",
        "adlake.streaming.metering:", '("0.99", "0.95", "0.5")', '("0.5", "0.95", "0.99")',
        METERING,
    ),
    Mutation(
        "a batch that failed is at work for ever", "adlake.streaming.metering:BatchMeters.batch",
        "finally:\n            self._since = None", "finally:\n            pass", METERING,
    ),
    Mutation(
        "a counter appears with its first event, which is no growth",
        "adlake.streaming.metering:BatchMeters.__init__",
        "meters.add(metric, 0, pipeline=pipeline)", "pass", METERING,
    ),
    Mutation(
        "a taken port ends the stream", "adlake.io.prometheus.endpoint:Endpoint._run",
        "except OSError as error:", "except KeyError as error:", "tests/unit/io/test_endpoint.py",
    ),
    Mutation(
        "metrics are open to the network", "adlake.io.prometheus.endpoint:Endpoint._run",
        "start_http_server(self._port, self._address, self._registry)",
        'start_http_server(self._port, "0.0.0.0", self._registry)',
        "tests/unit/io/test_endpoint.py",
    ),
    Mutation(
        "without Prometheus nothing starts", "adlake.devstack.stack:Stack._startable",
        "if one.is_optional and one.missing() and not is_named", "if False", WATCHING,
    ),
    Mutation(
        "the webhook's address is readable by all",
        "adlake.devstack.services.alertmanager:write_configuration",
        "values, mode)", "values, 0o644)",
        WATCHING,
    ),
    Mutation(
        "hurried rules look at too few scrapes", "adlake.devstack.services.watching:hurried",
        "max(least, _seconds(found) * pace)", "_seconds(found) * pace", WATCHING,
    ),
    Mutation(
        "a quiet night is called stale", FILE,
        "time() - adlake_last_commit_timestamp_seconds > 60\n"
        "          and on (pipeline) sum by (pipeline) (adlake_lag_records) > 0",
        "time() - adlake_last_commit_timestamp_seconds > 60", RULES,
    ),
    Mutation(
        "a stream that nobody scrapes is not missed", FILE,
        'up{job="stream"} == 0 or absent(up{job="stream"})', 'up{job="stream"} == 0', RULES,
    ),
    Mutation(
        "an alert asks for a metric that nobody tells", FILE,
        "adlake_crowded_impression_events", "adlake_crowded_impressions", RULES,
    ),
    Mutation(
        "an alert leads to no steps", FILE,
        "docs/operate.md#alert-lagtoolong", "docs/operate.md#alert-lag", RULES,
    ),
)  # fmt: skip
