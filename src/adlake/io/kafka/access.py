"""How every Kafka client of ours reaches the broker: addresses and, where it wants one, a login.

One place makes the arguments of kafka-python, another the options of Spark's source, from the same
description. Functions that take `Brokers` also take a plain list `host:port,...`: no login.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from adlake.contracts.errors import AdlakeError
from adlake.io.kafka.last_answers import hear_last_answers

PLAINTEXT: Final = "PLAINTEXT"
JAAS_FILE: Final = "kafka_jaas"
_MODULES: Final = {"PLAIN": "plain.PlainLoginModule", "SCRAM": "scram.ScramLoginModule"}
_SECURITY: Final = "org.apache.kafka.common.security"
_PROVIDER: Final = "org.apache.kafka.common.config.provider.DirectoryConfigProvider"


class KafkaAccessError(AdlakeError):
    """The broker refuses the login, or the settings of it do not fit together."""

    is_lasting = True


@dataclass(frozen=True)
class KafkaAccess:
    """The brokers and the login; `str()` is their list, for messages.

    Raises:
        KafkaAccessError: a login without user or password, or one that the protocol never sends.
    """

    bootstrap_servers: str
    security_protocol: str = PLAINTEXT
    sasl_mechanism: str = ""
    user: str = ""
    password: SecretStr | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        has_login = bool(self.user) and self.password is not None
        if self.has_sasl and not has_login:
            raise KafkaAccessError(
                f"ADLAKE_KAFKA_SECURITY_PROTOCOL={self.security_protocol} wants a login: give "
                "ADLAKE_KAFKA_USER and ADLAKE_KAFKA_PASSWORD_FILE"
            )
        if not self.has_sasl and (self.user or self.password is not None):
            raise KafkaAccessError(
                f"a Kafka user or password is given, but {self.security_protocol} sends none: set "
                "ADLAKE_KAFKA_SECURITY_PROTOCOL to SASL_SSL (or SASL_PLAINTEXT)"
            )
        if self.ca_file is not None and not self.ca_file.is_file():
            raise KafkaAccessError(f"ADLAKE_KAFKA_CA_FILE: there is no file {self.ca_file}")

    def __str__(self) -> str:
        return self.bootstrap_servers

    @property
    def has_sasl(self) -> bool:
        """Clients log in."""
        return self.security_protocol.startswith("SASL_")

    @property
    def has_tls(self) -> bool:
        """The broker shows a certificate."""
        return self.security_protocol.endswith("SSL")


Brokers = str | KafkaAccess


def client_arguments(brokers: Brokers) -> dict[str, Any]:
    """Arguments of every client of kafka-python."""
    access = _access(brokers)
    found: dict[str, Any] = {
        "bootstrap_servers": [one.strip() for one in access.bootstrap_servers.split(",")],
        "security_protocol": access.security_protocol,
    }
    if access.has_sasl and access.password is not None:
        hear_last_answers()
        found |= {
            "sasl_mechanism": access.sasl_mechanism,
            "sasl_plain_username": access.user,
            "sasl_plain_password": _Hidden(access.password.get_secret_value()),
        }
    if access.has_tls and access.ca_file is not None:
        found["ssl_cafile"] = str(access.ca_file)
    return found


class _Hidden(str):
    """A password that is not shown with the settings of a client, which it logs at level DEBUG."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'**********'"


def spark_options(brokers: Brokers, secrets_dir: Path | None) -> dict[str, str]:
    """Options of Spark's Kafka source.

    The password is in none of them, since Spark shows options in plans, pages and logs: they name
    a file of mode 0600 in `secrets_dir`, written here, which the Kafka client in the JVM reads.
    """
    access = _access(brokers)
    found = {"bootstrap.servers": access.bootstrap_servers}
    if access.security_protocol != PLAINTEXT:
        found["security.protocol"] = access.security_protocol
    if access.has_tls and access.ca_file is not None:
        found |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(access.ca_file)}
    if access.has_sasl:
        if secrets_dir is None:
            raise KafkaAccessError("a login of Spark needs a folder for its secret")
        _write_jaas(access, secrets_dir / JAAS_FILE)
        found |= {
            "sasl.mechanism": access.sasl_mechanism,
            "config.providers": "directory",
            "config.providers.directory.class": _PROVIDER,
            "config.providers.directory.param.allowed.paths": str(secrets_dir),
            "sasl.jaas.config": f"${{directory:{secrets_dir}:{JAAS_FILE}}}",
        }
    return {f"kafka.{name}": value for name, value in found.items()}


def _access(brokers: Brokers) -> KafkaAccess:
    return brokers if isinstance(brokers, KafkaAccess) else KafkaAccess(brokers)


def _write_jaas(access: KafkaAccess, file: Path) -> None:
    assert access.password is not None  # noqa: S101 - checked when it was made
    module = _MODULES["PLAIN" if access.sasl_mechanism == "PLAIN" else "SCRAM"]
    user, password = _quoted(access.user), _quoted(access.password.get_secret_value())
    line = f"{_SECURITY}.{module} required username={user} password={password};"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = file.with_suffix(".writing")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(line)
    scratch.replace(file)


def _quoted(text: str) -> str:
    """As JAAS reads it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
