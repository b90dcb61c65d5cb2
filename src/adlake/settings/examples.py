"""An example value of each setting, and what makes a change of it count, for the page of settings.

Data beside the fields, not in them: whoever reads a setting needs neither.
"""

from __future__ import annotations

from typing import Final

TESTS_ONLY: Final = frozenset({"failpoints", "alert_pace"})
"""Settings of tests and drills, which no lake of one's own needs."""

_RESTART = "`make down`, then `make up`"


def _again(*services: str) -> str:
    return f"`.venv/bin/adlake down --only {','.join(services)}`, then `make up`"


APPLIED: Final = {
    "PathSettings": "`ADLAKE_HOME` names a lake, so another value is another lake; the warehouse "
    "is chosen before the first `make up` of a lake ([moving it](operate.md#move-and-copy)); the "
    "cache counts at the next `make up`",
    "PortSettings": _RESTART,
    "KafkaSettings": f"{_RESTART}. The number of partitions is chosen before the first `make up`; "
    "retention and the type of timestamps also count after `make provision`",
    "CatalogSettings": "chosen before the first `make up` of a lake, which keeps its catalog; "
    f"passwords and tokens: {_RESTART}",
    "ObjectStoreSettings": _RESTART,
    "JvmSettings": _RESTART,
    "StreamSettings": f"{_again('stream')}. The page Alerts looks at `ADLAKE_ALERTS` too: "
    f"{_again('stream', 'dashboard')}",
    "GeneratorSettings": f"{_again('generator')}. With another rate, seed or past it is "
    "another run, which publishes a past of its own first; `ADLAKE_GENERATOR_HISTORY=` leaves it "
    "out",
    "SupervisionSettings": "`make up`",
    "MonitoringSettings": _again("prometheus", "alertmanager"),
    "MetabaseSettings": "the next `make metabase`",
    "ApiSettings": _again("api"),
    "NotificationSettings": _again("api", "dashboard"),
    "ContainerSettings": "`make up RUNTIME=docker` makes the containers anew that it concerns; "
    "the key to JupyterLab: the next `make notebook`",
}
"""Class of a concern -> what to type after a change."""

EXAMPLES: Final = {
    "home": "/data/lake",
    "cache": "/data/downloads",
    "warehouse": "s3://ads/lake",
    "kafka_port": "19092",
    "kafka_controller_port": "19093",
    "postgres_host": "db.example.com",
    "postgres_port": "5432",
    "trino_host": "trino.example.com",
    "trino_port": "18080",
    "rest_host": "catalog.example.com",
    "rest_port": "18181",
    "dashboard_port": "18501",
    "api_host": "api.example.com",
    "api_port": "18000",
    "notebook_port": "18888",
    "spark_ui_port": "14040",
    "metrics_port": "19464",
    "prometheus_port": "19090",
    "alertmanager_port": "19095",
    "spark_driver_host": "spark.example.com",
    "spark_bind_address": "0.0.0.0",  # noqa: S104 - shown, bound by nobody
    "kafka_bootstrap": "one.example.com:9092,two.example.com:9092",
    "kafka_security_protocol": "SASL_SSL",
    "kafka_sasl_mechanism": "PLAIN",
    "kafka_user": "lake",
    "kafka_ca_file": "/etc/ssl/kafka.pem",
    "topic": "ads",
    "business_topic": "shop_events",
    "campaign_topic": "campaigns",
    "alert_topic": "alerts",
    "customer_topic": "customers",
    "serving_topic": "serving",
    "topic_partitions": "8",
    "topic_timestamp_type": "LogAppendTime",
    "topic_retention_bytes": "500000000",
    "catalog_type": "rest",
    "catalog_uri": "jdbc:postgresql://db.example.com:5432/lakehouse",
    "catalog_warehouse": "ads",
    "catalog_oauth_uri": "https://login.example.com/token",
    "catalog_scope": "catalog",
    "control_uri": "postgresql://db.example.com:5432/control",
    "catalog_user": "lake",
    "catalog_database": "ads",
    "s3_endpoint": "http://127.0.0.1:9000",
    "s3_region": "eu-central-1",
    "s3_path_style": "false",
    "s3_access_key_id": "lake",
    "s3_reader_access_key_id": "reader",
    "java_options": "-XX:+UseZGC",
    "class_archive": "false",
    "trigger_seconds": "30",
    "max_offsets_per_trigger": "50000",
    "spark_master": "local[4]",
    "driver_memory": "4g",
    "executor_memory": "2g",
    "shuffle_partitions": "4",
    "compact_every_batches": "12",
    "expire_every_batches": "120",
    "ledger_every_batches": "24",
    "models_every_hours": "6",
    "alerts": "false",
    "budgets": "false",
    "budgets_after_seconds": "30",
    "publish_every_seconds": "30",
    "publish_most_records": "20000",
    "snapshot_minutes": "120",
    "leftover_days": "7",
    "lease_ttl_seconds": "60",
    "failpoints": "gold.before_publish=kill9@batch3",
    "generator_rate": "100",
    "generator_seed": "7",
    "generator_history": "7d",
    "generator_history_events": "500000",
    "generator_business": "false",
    "supervise": "false",
    "scrape_seconds": "15",
    "alert_pace": "0.1",
    "metabase_url": "https://metabase.example.com",
    "metabase_user": "lake@example.com",
    "metabase_trino": "host.docker.internal:8080",
    "metabase_wait_seconds": "600",
    "api_ack_seconds": "10",
    "cache_customers": "200000",
    "reset_cache_on_start": "true",
    "smtp_host": "mail.example.com",
    "smtp_port": "25",
    "smtp_starttls": "false",
    "smtp_user": "lake",
    "smtp_from": "lake@example.com",
    "smtp_to": "ops@example.com,ads@example.com",
    "notify_every_seconds": "60",
    "notify_rounds": "5",
    "notify_fresh_hours": "6",
    "notify_look_back_days": "2",
    "bind_address": "0.0.0.0",  # noqa: S104 - shown, bound by nobody
    "grafana_port": "13000",
    "metabase_port": "13030",
    "s3_port": "19000",
    "s3_console_port": "19001",
}
"""Field -> a value that differs from the default; secrets and their files have theirs by a rule."""


def example_of(name: str, *, is_secret: bool) -> str:
    """What could stand behind `ADLAKE_NAME=`."""
    if name in EXAMPLES:
        return EXAMPLES[name]
    if name.endswith("_file"):
        return f"/run/secrets/{name.removesuffix('_file')}"
    if is_secret:
        is_address = name.endswith("_url")
        return "https://hooks.example.com/T0/B0" if is_address else "not-a-real-secret"
    raise KeyError(f"setting {name} lacks an example: add one to {__name__}.EXAMPLES")
