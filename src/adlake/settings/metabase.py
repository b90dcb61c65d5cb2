"""Settings of Metabase: where it is, who we are there, and where it finds Trino."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from adlake.contracts.address import parse_addresses
from adlake.settings.outside import Concern, OptionalFile


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not of the form http(s)://host:port")
    if "@" in parts.netloc:
        raise ValueError("takes no user or password: they have settings of their own")
    if parts.query or parts.fragment:
        raise ValueError("the address of Metabase itself, not of one of its pages")
    return text.rstrip("/")


def _trino(text: str) -> str:
    if text and len(parse_addresses(text)) != 1:
        raise ValueError("one host:port")
    return text


def _email(text: str) -> str:
    name, at, host = text.partition("@")
    if not (name and at and "." in host) or any(one.isspace() for one in text):
        raise ValueError("Metabase knows its users by an e-mail address")
    return text


class MetabaseSettings(Concern):
    """Metabase, for `make metabase`."""

    metabase_url: Annotated[str, AfterValidator(_url)] = Field(
        "http://127.0.0.1:3030", description="address of Metabase"
    )
    metabase_user: Annotated[str, AfterValidator(_email)] = Field(
        "admin@adlake.example", description="administrator there; made by the first sync"
    )
    metabase_password: SecretStr = Field(
        SecretStr(""),
        description="that user's password; empty: the one that the first sync makes, in "
        "$ADLAKE_HOME/secrets/metabase_password (a secret: shown nowhere)",
    )
    metabase_password_file: OptionalFile = Field(
        None, description="file with it, instead of the setting before"
    )
    metabase_trino: Annotated[str, AfterValidator(_trino)] = Field(
        "",
        description="host:port of Trino as Metabase sees it; empty: as $ADLAKE_TRINO_HOST and "
        "_PORT. From a container, 127.0.0.1 is the container",
    )
    metabase_wait_seconds: float = Field(
        300.0, ge=0, description="how long a sync waits until Metabase is healthy"
    )
