"""How Spark, PyIceberg and Trino reach the object store of a warehouse on s3://."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from adlake.contracts.errors import AdlakeError

SECRET_VARIABLE = "LAKEHOUSE_S3_SECRET_KEY"  # noqa: S105 - the name of a variable
"""Holds the secret in Trino's environment, so that it is in no file of Trino's."""


class ObjectStoreError(AdlakeError):
    """The settings of the object store do not fit together, or its library is missing."""

    is_lasting = True


@dataclass(frozen=True)
class ObjectStore:
    """One S3 store and the key to it; without a key each client takes what the machine offers.

    Raises:
        ObjectStoreError: half a key.
    """

    endpoint: str
    region: str
    path_style: bool
    access_key_id: str = ""
    secret_key: SecretStr | None = None

    def __post_init__(self) -> None:
        if bool(self.access_key_id) != (self.secret_key is not None):
            raise ObjectStoreError(
                "half a key to the object store is given: ADLAKE_S3_ACCESS_KEY_ID and "
                "ADLAKE_S3_SECRET_KEY_FILE go together, and so do the two of ADLAKE_S3_READER_..."
            )

    def spark_properties(self) -> dict[str, str]:
        """Catalog properties of Iceberg's own client (S3FileIO)."""
        return {
            "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
            "client.region": self.region,
            "s3.path-style-access": _flag(self.path_style),
            **_given("s3.endpoint", self.endpoint),
            **self._key(),
        }

    def pyiceberg_properties(self) -> dict[str, str]:
        """Catalog properties of PyIceberg."""
        return {
            "s3.region": self.region,
            "s3.force-virtual-addressing": _flag(not self.path_style),
            **_given("s3.endpoint", self.endpoint),
            **self._key(),
        }

    def trino_properties(self) -> dict[str, str]:
        """Lines of Trino's catalog file; the secret comes from SECRET_VARIABLE."""
        found = {
            "fs.native-s3.enabled": "true",
            "s3.region": self.region,
            "s3.path-style-access": _flag(self.path_style),
            **_given("s3.endpoint", self.endpoint),
        }
        if self.access_key_id:
            found["s3.aws-access-key"] = self.access_key_id
            found["s3.aws-secret-key"] = f"${{ENV:{SECRET_VARIABLE}}}"
        return found

    def trino_environment(self) -> dict[str, str]:
        """Variables that `trino_properties` names."""
        return {SECRET_VARIABLE: self.secret_key.get_secret_value()} if self.secret_key else {}

    def _key(self) -> dict[str, str]:
        if self.secret_key is None:
            return {}
        return {
            "s3.access-key-id": self.access_key_id,
            "s3.secret-access-key": self.secret_key.get_secret_value(),
        }


def is_object_store(warehouse_uri: str) -> bool:
    """Whether the tables lie in an S3 store."""
    return warehouse_uri.startswith("s3://")


def _flag(value: bool) -> str:
    return str(value).lower()


def _given(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}
