"""Lets kafka-python hear, and tell, that a broker refuses its login.

A broker answers a wrong password and closes at once. The client drops what it has read when the end
of the connection arrives with it; and what it does hear of a refused login it keeps to itself, and
tries again until its time is over.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from kafka.errors import (
    AuthorizationError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)
from kafka.net.connection import KafkaConnection
from kafka.net.transport import KafkaTCPTransport

_REFUSED = (SaslAuthenticationFailedError, AuthorizationError, UnsupportedSaslMechanismError)


@cache
def hear_last_answers() -> None:
    """From now on a refused login ends the client's attempts, with the broker's own reason."""
    receive, initialize = KafkaTCPTransport._sock_recv, KafkaConnection.initialize

    def data_first(transport: Any) -> tuple[bytes, Any]:  # noqa: ANN401 - untyped client
        """The end of the connection is seen by the next read."""
        data, error = receive(transport)
        return (data, None) if data else (data, error)

    async def told(connection: Any, timeout_at: float | None = None) -> None:  # noqa: ANN401
        await initialize(connection, timeout_at)
        future = connection._init_future
        error = future.exception if future.is_done else None
        if isinstance(error, _REFUSED):
            raise SaslAuthenticationFailedError(str(error)) from error

    KafkaTCPTransport._sock_recv = data_first
    KafkaConnection.initialize = told
