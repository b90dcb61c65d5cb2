"""Whether a Postgres lets anybody log in, asked without its client: status must be quick.

As pg_isready asks: a server that serves answers the first message by asking for a password; one
that starts, stops or recovers answers with an error.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

ANSWER_SECONDS: Final = 5.0
_PROTOCOL: Final = 3 << 16
_WANTS_LOGIN: Final = b"R"


def answers_login(host: str, port: int, user: str) -> bool:
    """Whether the server would now let `user` log in to its database of that name."""
    words = b"".join(word.encode() + b"\0" for word in ("user", user, "database", user, ""))
    message = struct.pack("!ii", len(words) + 8, _PROTOCOL) + words
    try:
        with socket.create_connection((host, port), timeout=ANSWER_SECONDS) as server:
            server.sendall(message)
            return server.recv(1) == _WANTS_LOGIN
    except OSError:
        return False
