"""A TCP proxy before the catalog database: it sees each Iceberg commit and can spoil it.

Iceberg's JDBC catalog commits a table with one UPDATE that carries the old and the new place of
the table's metadata. The proxy recognises it by these two file names, so a fault can be put
exactly between "files are written" and "the catalog knows them", or between the commit and its
reply. A fault is used up by the first commit that meets it.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from types import TracebackType

CHUNK = 65_536
CONNECT_SECONDS = 10.0


class Fault(Enum):
    """What happens to the next commit of the chosen table."""

    NONE = "none"
    HOLD = "hold"
    """Neither forwarded nor answered: the writer waits until somebody kills it."""
    DROP_REPLY = "drop reply"
    """Forwarded and carried out; the connection breaks before the writer hears of it."""
    BREAK = "break"
    """Not forwarded; the connection breaks."""


class CatalogProxy:
    """Listens on a free port and forwards to the database at `port`; `address` is host:port."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._lock = threading.Lock()
        self._fault = Fault.NONE
        self._table = ""
        self._is_open = True
        self.refused = 0
        """Connections that came while it was shut."""
        self._sockets: set[socket.socket] = set()
        self.met = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> CatalogProxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self._close_all()

    def plant(self, fault: Fault, table: str) -> None:
        """Spoil the next commit of `table` (its name without namespace)."""
        with self._lock:
            self._fault, self._table = fault, table
            self.met.clear()

    def shut(self) -> None:
        """Refuse service: break all connections, and new ones at once, until `open_again`."""
        self._is_open = False
        self._close_all()

    def open_again(self) -> None:
        self._is_open = True

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if not self._is_open:
                self.refused += 1
                client.close()
                continue
            server = socket.create_connection(self._target, timeout=CONNECT_SECONDS)
            server.settimeout(None)
            self._sockets |= {client, server}
            link = _Link(client, server, self._judge)
            threading.Thread(target=link.requests, daemon=True).start()
            threading.Thread(target=link.replies, daemon=True).start()

    def _judge(self, data: bytes) -> Fault:
        with self._lock:
            if self._fault is Fault.NONE or not is_commit_of(data, self._table):
                return Fault.NONE
            fault, self._fault = self._fault, Fault.NONE
            self.met.set()
            return fault

    def _close_all(self) -> None:
        for one in list(self._sockets):
            _close(one)
        self._sockets.clear()


def is_commit_of(data: bytes, table: str) -> bool:
    """Whether these bytes of a client name two metadata files of the table."""
    pattern = rb"/" + re.escape(table.encode()) + rb"/metadata/[^\x00/]+\.metadata\.json"
    return len(set(re.findall(pattern, data))) == 2


class _Link:
    def __init__(
        self, client: socket.socket, server: socket.socket, judge: Callable[[bytes], Fault]
    ) -> None:
        self._client, self._server, self._judge = client, server, judge
        self._drop_replies = False

    def requests(self) -> None:
        try:
            while data := self._client.recv(CHUNK):
                fault = self._judge(data)
                if fault is Fault.HOLD:
                    # Bytes that follow are swallowed too; the end of the client ends the link.
                    while self._client.recv(CHUNK):
                        pass
                    break
                if fault is Fault.BREAK:
                    break
                if fault is Fault.DROP_REPLY:
                    self._drop_replies = True
                self._server.sendall(data)
        except OSError:
            pass
        finally:
            if not self._drop_replies:
                self._end()

    def replies(self) -> None:
        try:
            while data := self._server.recv(CHUNK):
                if self._drop_replies:
                    break
                self._client.sendall(data)
        except OSError:
            pass
        finally:
            self._end()

    def _end(self) -> None:
        _close(self._client)
        _close(self._server)


def _close(one: socket.socket) -> None:
    with suppress(OSError):  # the peer may have closed it already
        one.shutdown(socket.SHUT_RDWR)
    one.close()
