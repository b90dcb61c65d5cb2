"""Settings of the container form: what the compose file publishes, and what listens inside."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adlake.contracts.address import LOOPBACK
from adlake.settings.outside import FILE_INSTEAD, Concern, Host, OptionalFile, Port, secret


class ContainerSettings(Concern):
    """Containers: ports of 127.0.0.1 that only they have, and what listens inside them."""

    bind_address: Host = Field(
        LOOPBACK,
        description="what metrics, JupyterLab and the API listen on; 0.0.0.0 inside a container, "
        "whose ports are published on 127.0.0.1 alone",
    )
    grafana_port: Port = Field(3000, description="Grafana")
    metabase_port: Port = Field(3030, description="Metabase")
    s3_port: Port = Field(9000, description="object store")
    s3_console_port: Port = Field(9001, description="console of the object store")
    notebook_token: SecretStr = secret("key to JupyterLab; empty: made by `make notebook`")
    notebook_token_file: OptionalFile = Field(None, description=FILE_INSTEAD)
