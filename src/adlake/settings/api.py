"""Settings of the HTTP API."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adlake.settings.outside import FILE_INSTEAD, Concern, OptionalFile, secret


class ApiSettings(Concern):
    """The HTTP API that takes events in."""

    api_key: SecretStr = secret("what writers send as X-Api-Key; empty: everybody here may write")
    api_key_file: OptionalFile = Field(None, description=FILE_INSTEAD)
    api_ack_seconds: float = Field(
        5.0, gt=0, description="how long a post waits for the broker before it answers 503"
    )
    cache_customers: int = Field(
        20_000,
        ge=0,
        description="most customers that the API keeps at hand, a kilobyte each; 0: none, it asks "
        "the lake each time",
    )
    reset_cache_on_start: bool = Field(
        False,
        description="begin with no customer at hand, and learn of those alone that change",
    )
