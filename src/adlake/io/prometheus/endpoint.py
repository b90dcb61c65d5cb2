"""Serves a registry on a port of this machine, where Prometheus comes for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server

from adlake.contracts.address import LOOPBACK
from adlake.io.prometheus.meters import Meters

log = logging.getLogger(__name__)

RETRY_SECONDS = 2.0
STOP_SECONDS = 5.0


@contextmanager
def served(meters: Meters, port: int | None, address: str = LOOPBACK) -> Iterator[None]:
    """Inside, the metrics can be read; without a port they cannot."""
    endpoint = None if port is None else Endpoint(meters.registry, port, address)
    if endpoint is not None:
        endpoint.start()
    try:
        yield
    finally:
        if endpoint is not None:
            endpoint.stop()


class Endpoint:
    """`http://address:port/metrics` from `start` to `stop`.

    A port that is taken ends nobody's work: a driver that was paused may hold it while this one
    has taken over. It is tried again until it is free.
    """

    def __init__(self, registry: CollectorRegistry, port: int, address: str = LOOPBACK) -> None:
        self._registry = registry
        self._address = address
        self._port = port
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to serve, or to wait for the port."""
        self._thread.start()

    def stop(self) -> None:
        """End it: who asks from now on is refused."""
        self._stopping.set()
        self._thread.join(timeout=STOP_SECONDS)

    def _run(self) -> None:
        has_told = False
        while not self._stopping.is_set():
            try:
                server, _ = start_http_server(self._port, self._address, self._registry)
            except OSError as error:
                if not has_told:
                    log.warning(
                        "nobody can read the metrics of this run: port %d is taken (%s); tried "
                        "again until it is free, or choose another with ADLAKE_METRICS_PORT",
                        self._port, error.strerror,
                    )  # fmt: skip
                    has_told = True
                self._stopping.wait(RETRY_SECONDS)
            else:
                log.info("metrics at http://%s:%d/metrics", self._address, self._port)
                self._stopping.wait()
                server.shutdown()
                server.server_close()
