"""A REST catalog: how Spark, PyIceberg and Trino reach it, and in words what keeps them from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from adlake.contracts.errors import AdlakeError

TOKEN_VARIABLE = "LAKEHOUSE_CATALOG_TOKEN"  # noqa: S105 - the name of a variable
CREDENTIAL_VARIABLE = "LAKEHOUSE_CATALOG_CREDENTIAL"
"""Hold the login in Trino's environment, so that it is in no file of Trino's."""


NO_FENCE = (
    "the REST catalog has no fence of ours: the lease of a driver that vanished is not taken over "
    "by time, and what other programs commit there is not refused (docs/adr/0019)"
)


class RestCatalogError(AdlakeError):
    """The REST catalog is away, or refuses us."""


@dataclass(frozen=True)
class RestCatalog:
    """Where it answers and, where it wants one, the login: a token, or a client's id and secret."""

    uri: str
    warehouse: str
    """The name by which the server knows the warehouse."""
    token: SecretStr | None = None
    credential: SecretStr | None = None
    """`id:secret` for OAuth2."""
    oauth_uri: str = ""
    scope: str = ""

    def properties(self) -> dict[str, str]:
        """Catalog properties, which Spark and PyIceberg call alike; secrets included."""
        found = {
            "uri": self.uri, "warehouse": self.warehouse, "token": _value(self.token),
            "credential": _value(self.credential), "oauth2-server-uri": self.oauth_uri,
            "scope": self.scope,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}

    def trino_properties(self) -> dict[str, str]:
        """Lines of Trino's catalog file; the login comes from its environment."""
        prefix = "iceberg.rest-catalog"
        found = {f"{prefix}.uri": self.uri, f"{prefix}.warehouse": self.warehouse}
        if self.token is None and self.credential is None:
            return found
        login = {
            f"{prefix}.oauth2.token": f"${{ENV:{TOKEN_VARIABLE}}}" if self.token else "",
            f"{prefix}.oauth2.credential": (
                f"${{ENV:{CREDENTIAL_VARIABLE}}}" if self.credential else ""
            ),
            f"{prefix}.oauth2.server-uri": self.oauth_uri,
            f"{prefix}.oauth2.scope": self.scope,
        }
        given = {name: value for name, value in login.items() if value}
        return found | {f"{prefix}.security": "OAUTH2"} | given

    def trino_environment(self) -> dict[str, str]:
        """Variables that `trino_properties` names."""
        found = {
            TOKEN_VARIABLE: _value(self.token), CREDENTIAL_VARIABLE: _value(self.credential)
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}


@contextmanager
def named_rest_errors(uri: str) -> Iterator[None]:
    """What PyIceberg says of a REST catalog is raised as one sentence.

    Raises:
        RestCatalogError: it does not answer, or refuses the login.
    """
    # Late: every command that looks at the stack describes the catalog, few ask it.
    from pyiceberg import exceptions  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    refusals = (
        exceptions.UnauthorizedError, exceptions.ForbiddenError, exceptions.OAuthError,
        exceptions.AuthorizationExpiredError,
    )  # fmt: skip
    try:
        yield
    except refusals as error:
        raise RestCatalogError(refused_login(uri)) from error
    except (exceptions.RESTError, RequestException) as error:
        raise RestCatalogError(
            f"the REST catalog does not answer at {uri} ({type(error).__name__}): see whether it "
            "runs, and check ADLAKE_CATALOG_URI (or ADLAKE_REST_HOST and _PORT)"
        ) from error


def refused_login(where: str) -> str:
    """The sentence for a refused login."""
    return (
        f"the REST catalog at {where} refuses the login: check ADLAKE_CATALOG_TOKEN_FILE or "
        "ADLAKE_CATALOG_CREDENTIAL_FILE, and what this client may do there"
    )


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
