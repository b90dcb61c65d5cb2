"""Settings of what may lie outside of this machine, and of the secrets that open it.

A secret is given as `ADLAKE_X` or, better, as the path of a file in `ADLAKE_X_FILE`. Its type hides
it from every text that is made of the settings; who needs it asks for it by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from adlake.contracts.address import LOOPBACK, parse_addresses
from adlake.contracts.topics import (
    AD_TOPIC,
    ALERT_TOPIC,
    BUSINESS_TOPIC,
    CAMPAIGN_TOPIC,
    CUSTOMER_TOPIC,
    SERVING_TOPIC,
)
from adlake.environment import user_home
from adlake.settings.file import SettingsError


def with_home(given: object) -> object:
    """`~` is the user's folder, as in a shell; `~name` is another user's."""
    text = str(given)
    home = user_home()
    if home is not None and (text == "~" or text.startswith("~/")):
        return str(home) + text[1:]
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("there is no such user: write the whole path") from None


def _host(text: str) -> str:
    if not text.strip() or any(one in text for one in " /@,") or text.count(":") == 1:
        raise ValueError("not the name or number of a host; its port is a setting of its own")
    return text


def _servers(text: str) -> str:
    if text:
        parse_addresses(text)
    return text


Folder = Annotated[Path, BeforeValidator(with_home)]
OptionalFile = Annotated[
    Path | None, BeforeValidator(lambda given: with_home(given) if given else None)
]
Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, Field(ge=1, le=65_535)]
FILE_INSTEAD = "file with it, instead of the setting before"


def secret(meaning: str) -> SecretStr:
    """A setting that is a secret."""
    field: SecretStr = Field(SecretStr(""), description=f"{meaning} (a secret: shown nowhere)")
    return field


class Concern(BaseModel):
    """Base of all settings."""

    model_config = ConfigDict(frozen=True)


class PortSettings(Concern):
    """Addresses: hosts and ports. What adlake starts itself listens on 127.0.0.1."""

    kafka_port: Port = Field(9092, description="Kafka broker")
    kafka_controller_port: Port = Field(9093, description="Kafka KRaft controller")
    postgres_host: Host = Field(
        LOOPBACK, description="host of Postgres; another than 127.0.0.1 is not started from here"
    )
    postgres_port: Port = Field(5442, description="Postgres with the Iceberg catalog")
    trino_host: Host = Field(
        LOOPBACK, description="host of Trino; another than 127.0.0.1 is not started from here"
    )
    trino_port: Port = Field(8080, description="Trino HTTP")
    rest_host: Host = Field(
        LOOPBACK, description="host of the REST catalog, where ADLAKE_CATALOG_URI is empty"
    )
    rest_port: Port = Field(8181, description="REST catalog; of the container form, too")
    dashboard_port: Port = Field(8501, description="Streamlit dashboard")
    api_host: Host = Field(LOOPBACK, description="host of the HTTP API, for who posts to it")
    api_port: Port = Field(8000, description="HTTP API")
    notebook_port: Port = Field(8888, description="JupyterLab of `make notebook`")
    spark_ui_port: Port = Field(4040, description="Spark UI of the streaming job")
    metrics_port: Port = Field(9464, description="`/metrics` of the streaming job")
    prometheus_port: Port = Field(9090, description="Prometheus")
    alertmanager_port: Port = Field(9095, description="Alertmanager")
    spark_driver_host: Host = Field(
        LOOPBACK, description="name of Spark's driver for its executors"
    )
    spark_bind_address: Host = Field(
        LOOPBACK, description="what Spark's driver and its UI bind; 0.0.0.0 opens them to all"
    )


class KafkaSettings(Concern):
    """The event topic and its broker."""

    kafka_bootstrap: Annotated[str, AfterValidator(_servers)] = Field(
        "",
        description="broker list host:port,...; empty: 127.0.0.1:$ADLAKE_KAFKA_PORT. A broker "
        "elsewhere is not started from here",
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how clients speak to the broker"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="how clients log in where the protocol is SASL_..."
    )
    kafka_user: str = Field("", description="user of the broker where the protocol is SASL_...")
    kafka_password: SecretStr = secret("that user's password")
    kafka_password_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    kafka_ca_file: OptionalFile = Field(
        None, description="certificates (PEM) that sign the broker's; empty: the system's"
    )
    topic: str = Field(AD_TOPIC, min_length=1, description="topic of ad events")
    business_topic: str = Field(
        BUSINESS_TOPIC, description="topic of business events; empty: none are read or sent"
    )
    campaign_topic: str = Field(
        CAMPAIGN_TOPIC, description="topic of campaign updates; empty: none are read or sent"
    )
    alert_topic: str = Field(
        ALERT_TOPIC, description="topic that tells programs of KPI alerts; empty: it is not written"
    )
    customer_topic: str = Field(
        CUSTOMER_TOPIC,
        description="topic with the present row of each customer; empty: it is not written",
    )
    serving_topic: str = Field(
        SERVING_TOPIC,
        description="topic that says when ads begin and cease to be served; empty: it is not "
        "written",
    )
    topic_partitions: int = Field(4, ge=1, description="partitions when the topic is created")
    topic_timestamp_type: Literal["CreateTime", "LogAppendTime"] = Field(
        "CreateTime", description="LogAppendTime where real producers publish"
    )
    topic_retention_bytes: int = Field(
        2_000_000_000, description="bytes kept per partition (time retention is off)"
    )

    @property
    def topic_names(self) -> dict[str, str]:
        """Name of a topic in the project -> name at the broker; empty: it is switched off."""
        return {
            AD_TOPIC: self.topic,
            BUSINESS_TOPIC: self.business_topic,
            CAMPAIGN_TOPIC: self.campaign_topic,
            ALERT_TOPIC: self.alert_topic,
            CUSTOMER_TOPIC: self.customer_topic,
            SERVING_TOPIC: self.serving_topic,
        }


class CatalogSettings(Concern):
    """The Iceberg catalog, and the control database (leases, laws, requests; always Postgres)."""

    catalog_type: Literal["jdbc", "rest"] = Field("jdbc", description="JDBC on Postgres, or REST")
    catalog_uri: str = Field(
        "",
        description="jdbc:postgresql://host:port/database (empty: on $ADLAKE_POSTGRES_HOST and "
        "_PORT), or the http(s) address of the REST catalog (empty: http on $ADLAKE_REST_HOST and "
        "_PORT)",
    )
    catalog_warehouse: str = Field(
        "", description="what the REST catalog calls the warehouse; empty: its URI"
    )
    catalog_token: SecretStr = secret("token for the REST catalog")
    catalog_token_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    catalog_credential: SecretStr = secret("id:secret for the REST catalog's OAuth2")
    catalog_credential_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    catalog_oauth_uri: str = Field("", description="OAuth2 server; empty: the REST catalog itself")
    catalog_scope: str = Field("", description="OAuth2 scope")
    control_uri: str = Field(
        "",
        description="postgresql://host:port/database; empty: the JDBC catalog's, or with REST the "
        "one on $ADLAKE_POSTGRES_HOST and _PORT",
    )
    catalog_user: str = Field(
        "adlake", description="role in the JDBC catalog's and control database"
    )
    catalog_database: str = Field("lakehouse", description="name of that database")
    postgres_password: SecretStr = secret("password of that role; empty: made by `make up`")
    postgres_password_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    postgres_owner_password: SecretStr = secret(
        "password of the role that owns the database, for `make provision`; empty: as made by "
        "`make up`, else there is no owner but the writer"
    )
    postgres_owner_password_file: OptionalFile = Field(None, description=FILE_INSTEAD)


class MonitoringSettings(Concern):
    """Prometheus and Alertmanager, and whom they tell."""

    scrape_seconds: float = Field(
        5.0, ge=0.1, description="how often Prometheus reads the metrics and judges the rules"
    )
    alert_webhook_url: SecretStr = secret(
        "http(s) address that Alertmanager posts alerts to; empty: it only shows them"
    )
    alert_webhook_url_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    alert_pace: float = Field(
        1.0, gt=0, description="factor on the waits and ranges of the alert rules, for drills"
    )


class ObjectStoreSettings(Concern):
    """The object store, where ADLAKE_WAREHOUSE is s3://bucket/path."""

    s3_endpoint: str = Field("", description="http(s)://host:port of the store; empty: AWS itself")
    s3_region: str = Field("us-east-1", description="region; stores of your own take any")
    s3_path_style: bool = Field(True, description="bucket in the path, not in the host name")
    s3_access_key_id: str = Field("", description="id of the key; empty: what the machine offers")
    s3_secret_key: SecretStr = secret("the key's secret")
    s3_secret_key_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    s3_reader_access_key_id: str = Field(
        "", description="id of the key of who only reads (Trino, PyIceberg); empty: the same key"
    )
    s3_reader_secret_key: SecretStr = secret("that key's secret")
    s3_reader_secret_key_file: OptionalFile = Field(None, description=FILE_INSTEAD)


def refuse_misfits(catalog: CatalogSettings, jdbc: str) -> None:
    """Raise SettingsError for values that are right alone and wrong together.

    `jdbc` is the JDBC catalog's database as postgresql://host:port/name.
    """
    uri, control = catalog.catalog_uri, catalog.control_uri.removeprefix("jdbc:")
    is_rest = catalog.catalog_type == "rest"
    if is_rest and uri and not uri.startswith(("http://", "https://")):
        raise SettingsError(
            "ADLAKE_CATALOG_TYPE=rest wants ADLAKE_CATALOG_URI=http(s)://..., the address of the "
            "REST catalog, or none for the one on ADLAKE_REST_HOST and ADLAKE_REST_PORT"
        )
    if not is_rest and uri and not uri.startswith("jdbc:postgresql://"):
        raise SettingsError(
            "ADLAKE_CATALOG_URI is no jdbc:postgresql://host:port/database: for a REST catalog set "
            "ADLAKE_CATALOG_TYPE=rest too"
        )
    if control and not control.startswith("postgresql://"):
        raise SettingsError("ADLAKE_CONTROL_URI is no postgresql://host:port/database")
    if any("@" in one.partition("?")[0] for one in (uri, control)):
        raise SettingsError(
            "ADLAKE_CATALOG_URI and ADLAKE_CONTROL_URI take no user or password: give them in "
            "ADLAKE_CATALOG_USER and ADLAKE_POSTGRES_PASSWORD_FILE"
        )
    if not is_rest and control and control != jdbc:
        raise SettingsError(
            f"ADLAKE_CONTROL_URI is another database than the JDBC catalog's ({jdbc}): the fence "
            "of its tables works only inside one database, so leave it away"
        )


def secret_of(concern: Concern, name: str) -> SecretStr | None:
    """The secret `name` of a concern, from its setting or its file; None where neither is given.

    Raises:
        SettingsError: both are given, or the file cannot be read or is empty.
    """
    value: SecretStr = getattr(concern, name)
    file: Path | None = getattr(concern, f"{name}_file")
    shown = f"ADLAKE_{name.upper()}"
    if file is None:
        return value if value.get_secret_value() else None
    if value.get_secret_value():
        raise SettingsError(f"{shown} and {shown}_FILE are both given: keep one of them")
    return read_secret(file, f"{shown}_FILE")


def read_secret(file: Path, what: str) -> SecretStr:
    """The secret in a file, without the line's end.

    Raises:
        SettingsError: the file cannot be read, or holds nothing.
    """
    try:
        text = file.read_text(encoding="utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise SettingsError(f"{what}: {file} is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{what}: cannot read {file}: {error.strerror}") from None
    if not text:
        raise SettingsError(f"{what}: {file} is empty")
    return SecretStr(text)
